-- One row per billed usage event, with its position in the log and without its import: an event that several files
-- bring is held once, and which of them answers for it is Postgres' business.
--
-- Durability: an acknowledged insert has its part fsynced, file by file and directory. So has a merge: the embedded engine
-- removes the parts that it replaces at once (old_parts_lifetime = 0, where a server keeps them for eight minutes).
--
-- non_replicated_deduplication_window keeps the tokens of the last 10,000 inserts, far more than can be in doubt at once
-- (one per partition of the log). Two identical blocks WITHOUT a token would collapse into one: every insert has a token.
CREATE TABLE IF NOT EXISTS tallyline.usage_events
(
    customer      String COMMENT 'Who used it',
    meter         LowCardinality(String) COMMENT 'What was measured',
    time          DateTime64(6, 'UTC') COMMENT 'When, to the microsecond; further digits were cut off',
    quantity      Decimal(38, 18) COMMENT 'How much, exact. Sum it as toDecimal256(quantity, 18): sums of Decimal(38, 18) overflow without an error',
    epoch         UInt32 COMMENT 'Position: incarnation of the log (Postgres log_epochs)',
    log_partition UInt16 COMMENT 'Position: partition of the log',
    log_offset    UInt64 COMMENT 'Position: offset of the message',
    log_index     UInt32 COMMENT 'Position: place of the event within the message',

    -- The read-back of a range looks for offsets that were inserted a moment ago: each part holds one contiguous range,
    -- so this skips all other parts. A large granularity, as one entry per part is what is wanted.
    INDEX log_offset_range log_offset TYPE minmax GRANULARITY 64,

    -- The buckets. Written by the same commit as the rows, so that they cannot disagree. 15 minutes in UTC, because hours
    -- in zones such as +05:30 and +05:45 begin there. The interval is in milliseconds, because the result is then a
    -- DateTime64, right from 1900 to 2299; 'INTERVAL 15 MINUTE' answers a DateTime, which wraps around outside 1970-2106.
    -- Never read by name: the optimizer takes it for queries that group by functions of these expressions, as the view
    -- usage_slots does.
    PROJECTION slots
    (
        SELECT
            customer,
            meter,
            toStartOfInterval(time, INTERVAL 900000 MILLISECOND),
            sum(toDecimal256(quantity, 18)),
            count(),
            max(quantity)
        GROUP BY
            customer,
            meter,
            toStartOfInterval(time, INTERVAL 900000 MILLISECOND)
    )
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
PRIMARY KEY (customer, meter, time)
ORDER BY (customer, meter, time, epoch, log_partition, log_offset, log_index)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    min_rows_to_fsync_after_merge = 1,
    fsync_part_directory = 1
COMMENT 'Billed usage events by customer, meter and time';
