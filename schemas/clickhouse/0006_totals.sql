-- The buckets of all customers together: a page that shows everybody's usage reads these few rows, and not every customer's. As with
-- `slots`, written by the same commit as the rows, and taken by the optimizer for queries that group by functions of its expressions.
ALTER TABLE tallyline.usage_events ADD PROJECTION IF NOT EXISTS totals
(
    SELECT
        meter,
        toStartOfInterval(time, INTERVAL 900000 MILLISECOND),
        sum(toDecimal256(quantity, 18)),
        count(),
        max(quantity)
    GROUP BY
        meter,
        toStartOfInterval(time, INTERVAL 900000 MILLISECOND)
);

-- statement

-- Parts that were there before: 5 million rows take a second. Until then, and if this breaks off, they are read as they were.
ALTER TABLE tallyline.usage_events MATERIALIZE PROJECTION totals SETTINGS mutations_sync = 2;
