package dev.lateen.control.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at a directory tree when anything in it changes; changes that come together count once. */
final class DirectoryWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DirectoryWatch.class);

    private final Path directory;
    private final WatchService service;

    DirectoryWatch(Path directory) throws IOException {
        this.directory = directory;
        this.service = directory.getFileSystem().newWatchService();
    }

    /** Watches the directories that exist now. */
    void registerAll() throws IOException {
        List<Path> directories;
        try (Stream<Path> all = Files.walk(directory)) {
            directories = all.filter(Files::isDirectory).toList();
        }
        for (Path each : directories) {
            each.register(
                    service,
                    StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY,
                    StandardWatchEventKinds.ENTRY_DELETE);
        }
    }

    /**
     * Begins.
     *
     * @param first when to look next though nothing changes; zero for not
     * @param look looks, and says the same
     */
    void start(Duration first, Supplier<Duration> look) {
        Thread.ofVirtual().name("watch-" + directory).start(() -> run(first, look));
    }

    private void run(Duration first, Supplier<Duration> look) {
        try {
            Duration next = first;
            while (true) {
                WatchKey key = next.isZero() ? service.take() : service.poll(next.toNanos(), TimeUnit.NANOSECONDS);
                while (key != null) {
                    key.pollEvents();
                    key.reset();
                    key = service.poll();
                }
                try {
                    registerAll();
                } catch (IOException | UncheckedIOException e) {
                    // What went away while it was listed has left an event of its own.
                    log.debug("Cannot watch all of {} now: {}", directory, e.toString());
                }
                next = look.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ClosedWatchServiceException e) {
            log.debug("Watching {} ended", directory);
        }
    }

    @Override
    public void close() {
        try {
            service.close();
        } catch (IOException e) {
            log.warn("Closing the watch of {} failed: {}", directory, e.toString());
        }
    }
}
