package dev.lateen.proxy;

import dev.lateen.proxy.http.AccessLogSink;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes access logs on a thread of its own. When more lines come than can be written, lines are dropped and counted:
 * a log never holds up a request.
 */
final class AccessLogWriter implements AccessLogSink, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLogWriter.class);
    private static final int WAITING = 10_000;
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final BlockingQueue<Line> lines = new ArrayBlockingQueue<>(WAITING);
    private final Map<String, OutputStream> outputs = new HashMap<>();
    private final LongAdder dropped = new LongAdder();
    private final Thread thread = Thread.ofVirtual().name("access log").start(this::run);

    private record Line(String path, String text) {}

    @Override
    public void write(String path, String line) {
        if (!lines.offer(new Line(path, line))) {
            dropped.increment();
        }
    }

    private void run() {
        try {
            while (true) {
                write(lines.take());
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
            write(line);
        }
        outputs.forEach((path, out) -> {
            try {
                out.flush();
            } catch (IOException e) {
                LOG.warn("access log {} cannot be written: {}", path, e.getMessage());
            }
        });
    }

    private void write(Line line) {
        try {
            output(line.path()).write(line.text().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            LOG.warn("access log {} cannot be written: {}", line.path(), e.getMessage());
        }
    }

    private OutputStream output(String path) throws IOException {
        OutputStream known = outputs.get(path);
        if (known == null) {
            PrintStream standard = System.out;
            known = path.isEmpty() || path.equals("/dev/stdout")
                    ? standard
                    : new BufferedOutputStream(
                            Files.newOutputStream(Path.of(path), StandardOpenOption.CREATE, StandardOpenOption.APPEND));
            outputs.put(path, known);
        }
        return known;
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(1000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (dropped.sum() > 0) {
            LOG.warn("{} lines of access logs were dropped", dropped.sum());
        }
    }
}
