-- What is left of a disk that gets full belongs to the merges: one that runs out of room in the middle may leave a part that cannot be read.
-- So inserts stop first; they wait, and are repeated when there is room.
ALTER TABLE tallyline.usage_events MODIFY SETTING min_free_disk_bytes_to_perform_insert = 64000000;
