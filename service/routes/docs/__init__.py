"""What the OpenAPI document says of each route, a module for each room of routes."""
