package dev.lateen.control.source;

import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which files have stood still for long enough to be believed: whoever writes a file, or puts another one in its place, does
 * so in steps. Times are nanoseconds of a clock that only goes forward. Pure; for one thread.
 */
final class QuietFiles {
    /** What is seen of a file without reading it. */
    record Stamp(long size, Instant changed) {
        static Stamp of(BasicFileAttributes attributes) {
            return new Stamp(attributes.size(), attributes.lastModifiedTime().toInstant());
        }
    }

    /** @param stamp null where there is no file */
    private record Seen(@Nullable Stamp stamp, long since) {}

    private final long quiet;
    private final Map<Path, Seen> files = new HashMap<>();

    /** @param quiet how long a file must not have changed */
    QuietFiles(Duration quiet) {
        this.quiet = quiet.toNanos();
    }

    /** A file is believed as it stands: there was nothing before that it could have been changed from. */
    void begin(Path file, Stamp stamp, long nanos) {
        files.put(file, new Seen(stamp, nanos - quiet));
    }

    /**
     * Whether a file may be believed.
     *
     * @param stamp as it is now; null where there is none, or none any more
     */
    boolean isQuiet(Path file, @Nullable Stamp stamp, long nanos) {
        Seen seen = files.get(file);
        if (seen == null || !Objects.equals(seen.stamp(), stamp)) {
            seen = new Seen(stamp, nanos);
            files.put(file, seen);
        }
        return left(seen, nanos) <= 0;
    }

    /** Only these are still of interest. */
    void retain(Set<Path> wanted) {
        files.keySet().retainAll(wanted);
    }

    /** How long until the next file may be believed that may not be now; zero for none. */
    Duration left(long nanos) {
        return Duration.ofNanos(files.values().stream()
                .mapToLong(seen -> left(seen, nanos))
                .filter(left -> left > 0)
                .min()
                .orElse(0));
    }

    private long left(Seen seen, long nanos) {
        return seen.since() + quiet - nanos;
    }
}
