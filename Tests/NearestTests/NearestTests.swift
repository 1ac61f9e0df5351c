// Nearest
