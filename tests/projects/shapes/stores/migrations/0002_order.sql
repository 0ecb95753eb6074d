ALTER TABLE notes ADD COLUMN place INTEGER;
CREATE TRIGGER numbered AFTER INSERT ON notes BEGIN
  UPDATE notes SET place = (SELECT count(*) FROM notes) WHERE rowid = new.rowid;
END;
