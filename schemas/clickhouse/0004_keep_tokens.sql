-- A part of which a DELETE leaves no row is normally removed after a minute, and the tokens of its inserts with it. A process that was
-- asleep since before an undo could then send its insert once more, and what was taken back would be there again. Empty parts stay
-- until a merge takes them in, which forgets no token.
ALTER TABLE tallyline.usage_events MODIFY SETTING remove_empty_parts = 0;
