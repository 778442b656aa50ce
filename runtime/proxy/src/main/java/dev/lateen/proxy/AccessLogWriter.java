package dev.lateen.proxy;

import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes access logs on a thread of its own. A log never holds up a request: lines that come faster than they can be
 * written, or that a full disk refuses, are lost and counted.
 */
final class AccessLogWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLogWriter.class);
    private static final int WAITING = 10_000;
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final BlockingQueue<Line> lines = new ArrayBlockingQueue<>(WAITING);
    private final Map<String, Output> outputs = new HashMap<>();
    private final LongAdder lost = new LongAdder();
    private final Thread thread = Thread.ofVirtual().name("access log").start(this::run);

    private record Line(String path, String text) {}

    /** Writes a line, line break included, to the log at this path; its characters are bytes. Does not block. */
    void write(String path, String line) {
        if (!lines.offer(new Line(path, line))) {
            lost.increment();
        }
    }

    /** How many lines could not be written. */
    long lost() {
        return lost.sum();
    }

    private void run() {
        try {
            while (true) {
                take(lines.take());
                // Lines that come together are written together: a wake-up for each would cost more than the request.
                Thread.sleep(PAUSE);
                writeWaiting();
            }
        } catch (InterruptedException e) {
            writeWaiting(); // it is being closed
            Thread.currentThread().interrupt();
        }
    }

    private void writeWaiting() {
        for (Line line = lines.poll(); line != null; line = lines.poll()) {
            take(line);
        }
        outputs.values().forEach(output -> lost.add(output.flush()));
    }

    private void take(Line line) {
        outputs.computeIfAbsent(line.path(), Output::new).add(line.text());
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(1000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (lost() > 0) {
            LOG.warn("{} lines of access logs were lost", lost());
        }
    }

    /** One file. Says when it begins and ceases to fail, not for each line. */
    private static final class Output {
        private final String path;
        private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
        private @Nullable WritableByteChannel file;
        private boolean torn;
        private boolean failing;

        Output(String path) {
            this.path = path;
        }

        void add(String line) {
            waiting.writeBytes(line.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** Writes what waits, or lets go of it; how many lines were lost. */
        int flush() {
            if (waiting.size() == 0) {
                return 0;
            }
            ByteBuffer bytes = ByteBuffer.wrap(waiting.toByteArray());
            waiting.reset();
            try {
                WritableByteChannel open = open();
                if (torn) {
                    var _ = open.write(ByteBuffer.wrap(new byte[] {'\n'}));
                    torn = false;
                }
                while (bytes.hasRemaining()) {
                    var _ = open.write(bytes);
                }
                if (failing) {
                    failing = false;
                    LOG.info("access log {} is written again", path);
                }
                return 0;
            } catch (IOException e) {
                if (!failing) {
                    failing = true;
                    LOG.warn("access log {} cannot be written, its lines are lost: {}", path, e.getMessage());
                }
                torn |= bytes.position() > 0 && bytes.get(bytes.position() - 1) != '\n';
                int ends = 0;
                while (bytes.hasRemaining()) {
                    ends += bytes.get() == '\n' ? 1 : 0;
                }
                return ends;
            }
        }

        private WritableByteChannel open() throws IOException {
            WritableByteChannel open = file;
            if (open == null) {
                open = path.isEmpty() || path.equals("/dev/stdout")
                        ? new FileOutputStream(FileDescriptor.out).getChannel()
                        : Files.newByteChannel(Path.of(path), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                file = open;
            }
            return open;
        }
    }
}
