"""Power cuts, in the form of `kill -9`: what was answered is kept, what was not is there whole or not at all."""
