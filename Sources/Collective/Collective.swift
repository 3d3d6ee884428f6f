// Collective
