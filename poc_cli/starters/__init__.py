"""What `poc init` writes into somebody's project, as files of their own beside this one."""
