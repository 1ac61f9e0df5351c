// Influence
