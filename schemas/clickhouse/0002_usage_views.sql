-- The buckets of the projection, under the very expressions it is made of: change one, change both.
--
-- How each aggregate is read when slots are put together:
--   quantity      sum(quantity)      a Decimal(76, 18); adds up over time, customers and meters
--   events        sum(events)        adds up likewise
--   quantity_max  max(quantity_max)  a Decimal(38, 18); never added
--
-- Filter on customer, meter and slot (not on usage_events.time): then only buckets are read. A half-open period is
-- slot >= from AND slot < to, both at multiples of 15 minutes. Hours of a zone:
--   SELECT toStartOfInterval(slot, INTERVAL 1 HOUR, 'Asia/Kathmandu') AS hour, sum(quantity) … GROUP BY hour
CREATE VIEW IF NOT EXISTS tallyline.usage_slots
(
    customer     String COMMENT 'Who used it',
    meter        LowCardinality(String) COMMENT 'What was measured',
    slot         DateTime64(3, 'UTC') COMMENT 'Beginning of the 15 minutes',
    quantity     Decimal(76, 18) COMMENT 'Sum; read with sum()',
    events       UInt64 COMMENT 'Number of events; read with sum()',
    quantity_max Decimal(38, 18) COMMENT 'Largest single quantity; read with max()'
)
AS SELECT
    customer,
    meter,
    toStartOfInterval(time, INTERVAL 900000 MILLISECOND) AS slot,
    sum(toDecimal256(quantity, 18)) AS quantity,
    count() AS events,
    max(usage_events.quantity) AS quantity_max
FROM tallyline.usage_events
GROUP BY customer, meter, slot;

-- statement

-- The same by hours of UTC; read the aggregates as above.
CREATE VIEW IF NOT EXISTS tallyline.usage_hourly
(
    customer     String COMMENT 'Who used it',
    meter        LowCardinality(String) COMMENT 'What was measured',
    hour         DateTime64(3, 'UTC') COMMENT 'Beginning of the hour, UTC',
    quantity     Decimal(76, 18) COMMENT 'Sum; read with sum()',
    events       UInt64 COMMENT 'Number of events; read with sum()',
    quantity_max Decimal(38, 18) COMMENT 'Largest single quantity; read with max()'
)
AS SELECT
    slots.customer AS customer,
    slots.meter AS meter,
    toStartOfInterval(slots.slot, INTERVAL 3600000 MILLISECOND) AS hour,
    sum(slots.quantity) AS quantity,
    sum(slots.events) AS events,
    max(slots.quantity_max) AS quantity_max
FROM tallyline.usage_slots AS slots
GROUP BY customer, meter, hour;
