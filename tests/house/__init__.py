"""What keeps the house clean: ceilings, documents, containers, set-up."""
