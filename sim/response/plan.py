"""The plan of the estate: where buildings, stores and bases are, and how long it takes to walk between them."""

from __future__ import annotations

from sim.spec.organisation import Travel
from sim.world.population import Population

Place = tuple[float, float]


class EstatePlan:
    """Measure ways along the paths (the sum of the two sides, not the diagonal), in metres and hours."""

    def __init__(self, population: Population, travel: Travel | None) -> None:
        self.population = population
        self.places: list[Place] = list(
            zip(population.building_x_m.tolist(), population.building_y_m.tolist(), strict=True)
        )
        self.moves = travel is not None
        self.hours_per_metre = 1 / (travel.speed_km_h * 1000) if travel is not None else 0.0
        self.doorstep_h = travel.doorstep if travel is not None else 0.0

    def base(self, zone: str | None) -> Place:
        """Return where a unit starts from or a store stands: the middle of its zone, or of the estate."""
        return self.population.centre(zone)

    def metres(self, origin: Place, building: int) -> float:
        """Return the way from a place to a building."""
        x, y = self.places[building]
        return abs(origin[0] - x) + abs(origin[1] - y)

    def walk_h(self, origin: Place, building: int, by_way_of: Place | None = None) -> float:
        """Return the time to a resident's door, by way of a store where something is fetched."""
        x, y = self.places[building]
        if by_way_of is None:
            return (abs(origin[0] - x) + abs(origin[1] - y)) * self.hours_per_metre + self.doorstep_h
        via_x, via_y = by_way_of
        metres = abs(origin[0] - via_x) + abs(origin[1] - via_y) + abs(via_x - x) + abs(via_y - y)
        return metres * self.hours_per_metre + self.doorstep_h
