return require "endless"
