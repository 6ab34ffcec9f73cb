"""What any runner must do with delivered files, tried on every runner."""
