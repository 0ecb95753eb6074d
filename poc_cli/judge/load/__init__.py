"""Judge loads: from recorded stages and sockets to findings and figures."""
