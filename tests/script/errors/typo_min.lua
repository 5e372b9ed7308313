scenario { duration = 5*mn }
