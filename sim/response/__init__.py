"""The response: responders, desks, offices and depots, one mechanism a file, which meet at the model."""
