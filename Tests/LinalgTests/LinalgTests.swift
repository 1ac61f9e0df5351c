// Linalg
