-- What the model was shown for this answer, as it was: JSON. A plan is made for the model of the moment, so asking for it
-- again would give another one once that changed.
ALTER TABLE turn ADD COLUMN look TEXT;
