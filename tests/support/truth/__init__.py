"""A little world of one object and its sockets, in which what is true is known; the judge is measured against it."""
