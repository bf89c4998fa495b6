"""How runs are planned in rounds, made by workers, and kept in a folder that can be taken up again."""
