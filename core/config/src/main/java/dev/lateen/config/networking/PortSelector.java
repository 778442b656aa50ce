package dev.lateen.config.networking;

import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;

/** A port by its number. */
public record PortSelector(
        @Required @Range(min = 1, max = 65535) int number) {}
