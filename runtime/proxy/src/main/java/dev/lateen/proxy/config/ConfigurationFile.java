package dev.lateen.proxy.config;

import dev.lateen.xds.client.ResourceUpdate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the configuration in force in a file, on a thread of its own: soon after it has changed, and rarely where it
 * changes all the time. What cannot be written costs nothing but the file.
 */
public final class ConfigurationFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigurationFile.class);
    private static final String NAME = "configuration.xds";
    /** Resources come one type after the other. */
    private static final Duration SETTLING = Duration.ofSeconds(1);
    /** Between two files. */
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final Path file;
    private final String node;
    private final InstantSource clock;
    private final Supplier<List<ResourceUpdate>> current;
    private final AtomicBoolean changed = new AtomicBoolean();
    private final Semaphore wake = new Semaphore(0);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread = Thread.ofVirtual().name("configuration file").unstarted(this::run);
    private boolean failing;

    /**
     * @param directory where the file is
     * @param node whose configuration it is: that of another is not believed
     * @param current what is to be kept now; nothing while that is not whole
     */
    public ConfigurationFile(Path directory, String node, InstantSource clock, Supplier<List<ResourceUpdate>> current) {
        file = directory.resolve(NAME);
        this.node = node;
        this.clock = clock;
        this.current = current;
    }

    /** Begins to keep it. */
    public void start() {
        thread.start();
    }

    /** What is in force has changed. Any thread; does not block. */
    public void changed() {
        changed.set(true);
        wake.release();
    }

    /** What was kept; null when nothing is there or it cannot be believed, which is said in the log. Blocks. */
    public @Nullable SavedConfiguration read() {
        try {
            SavedConfiguration saved = SavedConfiguration.read(file);
            if (saved.node().equals(node)) {
                return saved;
            }
            LOG.warn("{} is passed over: it is the configuration of {}, and this is {}", file, saved.node(), node);
        } catch (NoSuchFileException e) {
            LOG.info("no configuration of before is in {}", file.getParent());
        } catch (IOException e) {
            LOG.warn("{} is passed over, as it cannot be read: {}", file, e.toString());
        }
        return null;
    }

    /** Where it is. */
    public Path path() {
        return file;
    }

    private void run() {
        try {
            boolean open = true;
            while (open) {
                wake.acquire();
                open = goesOnAfter(SETTLING);
                wake.drainPermits();
                write();
                open = open && goesOnAfter(PAUSE);
            }
            write();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean goesOnAfter(Duration pause) throws InterruptedException {
        return !closing.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void write() {
        List<ResourceUpdate> updates = changed.getAndSet(false) ? current.get() : List.of();
        if (updates.isEmpty()) {
            return;
        }
        try {
            new SavedConfiguration(node, clock.instant(), updates).write(file);
            if (failing) {
                failing = false;
                LOG.info("the configuration is kept again in {}", file);
            }
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                LOG.warn(
                        "the configuration is not kept in {}, for a start without the control plane: {}",
                        file,
                        e.toString());
            }
        }
    }

    /** Ends, when the last change is on disk. */
    @Override
    public void close() {
        closing.countDown();
        wake.release();
        try {
            thread.join(Duration.ofSeconds(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether a directory can hold one. */
    public static boolean fits(Path directory) {
        return Files.isDirectory(directory) && Files.isWritable(directory);
    }
}
