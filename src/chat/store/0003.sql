-- A question that is asked in place of another stands beside it: both follow the same turn, their `parent`; a chat's first
-- questions have none. Before, every turn followed the one before it.
ALTER TABLE turn ADD COLUMN parent INTEGER REFERENCES turn ON DELETE CASCADE;
UPDATE turn SET parent =
    (SELECT max(earlier.id) FROM turn AS earlier WHERE earlier.chat = turn.chat AND earlier.id < turn.id);
CREATE INDEX turn_after ON turn (parent);

-- `latest`: the turn that the chat is shown up to; the one asked last where there is none. `title`: what the user calls it
-- instead of its first question. `deleted_at_ms`: it is gone, but can be had back for a while.
ALTER TABLE chat ADD COLUMN latest INTEGER REFERENCES turn ON DELETE SET NULL;
ALTER TABLE chat ADD COLUMN title TEXT;
ALTER TABLE chat ADD COLUMN deleted_at_ms INTEGER;

-- How the video was left: JSON.
ALTER TABLE video ADD COLUMN view TEXT;
