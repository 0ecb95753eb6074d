"""Open many sockets at once, take them through stages and account for every one."""
