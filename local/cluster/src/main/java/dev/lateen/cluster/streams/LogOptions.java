package dev.lateen.cluster.streams;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What part of a container's log is asked for; the query parameters of {@code pods/log}.
 *
 * @param container the container's name
 * @param follow go on until the container ends
 * @param previous the run before the present one
 * @param timestamps each line begins with its RFC 3339 time
 * @param since only lines from this time on; null is from the beginning
 * @param tailLines only the last so many lines; null is all
 * @param limitBytes at most so many bytes; null is all
 */
public record LogOptions(
        String container,
        boolean follow,
        boolean previous,
        boolean timestamps,
        @Nullable Instant since,
        @Nullable Integer tailLines,
        @Nullable Long limitBytes) {}
