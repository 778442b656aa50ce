package dev.lateen.proxy;

import dev.lateen.proxy.http.AccessLogSink;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
                Line line = lines.take();
                try {
                    OutputStream out = output(line.path());
                    out.write(line.text().getBytes(StandardCharsets.UTF_8));
                    if (lines.isEmpty()) {
                        out.flush();
                    }
                } catch (IOException e) {
                    LOG.warn("access log {} cannot be written: {}", line.path(), e.getMessage());
                }
            }
        } catch (InterruptedException e) {
            // Closing interrupts it: what is still waiting is written there.
            Thread.currentThread().interrupt();
        }
    }

    private OutputStream output(String path) throws IOException {
        OutputStream known = outputs.get(path);
        if (known == null) {
            PrintStream standard = System.out;
            known = path.isEmpty() || path.equals("/dev/stdout")
                    ? standard
                    : Files.newOutputStream(Path.of(path), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
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
