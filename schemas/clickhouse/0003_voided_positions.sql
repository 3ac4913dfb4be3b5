-- Working table: the positions of one chunk of an undo, for the statement that deletes them. Filled before it, dropped after.
--
-- As text of the statement they would soon be longer than a statement may be (max_query_size), and every statement rewrites the
-- parts it touches. Written again after a crash: a position twice is one in a set.
CREATE TABLE IF NOT EXISTS tallyline.voided_positions
(
    chunk      String COMMENT 'Epoch, partition and offset of the control message, and number of the chunk',
    log_offset UInt64 COMMENT 'Position: offset of the message',
    log_index  UInt32 COMMENT 'Position: place of the event within the message'
)
ENGINE = MergeTree
PARTITION BY chunk
ORDER BY (log_offset, log_index)
COMMENT 'Positions that are being deleted from usage_events';
