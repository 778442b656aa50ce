package dev.lateen.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The caches of loaded classes (JEP 514) of a built Lateen, as {@code bin/aot-caches} makes them. The JVM does not
 * notice when jars have changed since, and would run the old classes; so a cache is used only while nothing is newer.
 */
final class AotCaches {
    private final Path directory;
    private final boolean current;

    private AotCaches(Path directory, boolean current) {
        this.directory = directory;
        this.current = current;
    }

    static AotCaches of(Path home) throws IOException {
        Path directory = home.resolve("aot").toAbsolutePath();
        Path last = directory.resolve("release");
        return new AotCaches(
                directory,
                Files.exists(last)
                        && nothingNewer(home.resolve("lib"), Files.getLastModifiedTime(last))
                        && nothingNewer(home.resolve("jvm"), Files.getLastModifiedTime(last)));
    }

    /** The cache of a program. */
    Optional<Path> cache(String program) {
        Path file = directory.resolve(program + ".aot");
        return current && Files.exists(file) ? Optional.of(file) : Optional.empty();
    }

    private static boolean nothingNewer(Path directory, FileTime than) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path each : (Iterable<Path>) all::iterator) {
                if (Files.getLastModifiedTime(each).compareTo(than) > 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
