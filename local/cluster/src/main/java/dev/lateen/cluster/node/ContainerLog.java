package dev.lateen.cluster.node;

import dev.lateen.cluster.streams.LogOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What one run of a container wrote, in files of lines such as {@code 2026-11-23T21:00:00.123456789Z stdout F text} (the
 * form that the container runtime interface prescribes; {@code P} is a part of a line that goes on in the next). Two
 * files of at most {@value #LIMIT} bytes are kept. One writer, any number of readers.
 */
final class ContainerLog implements AutoCloseable {
    private static final int LIMIT = 10 << 20;
    private static final int LINE_LIMIT = 16 << 10;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final Path file;
    private final Clock clock;
    private final byte[] line = new byte[LINE_LIMIT];
    private int length;
    private OutputStream out;
    private long size;
    private int rotations;
    private boolean ended;

    /** Starts a log at {@code file}; what the file held goes. */
    ContainerLog(Path file, Clock clock) throws IOException {
        this.file = file;
        this.clock = clock;
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.deleteIfExists(older());
        this.out = Files.newOutputStream(file);
    }

    /** Adds output as it comes; a line is stored when it ends or grows past the limit. */
    synchronized void write(byte[] bytes, int count) throws IOException {
        var text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            if (bytes[i] == '\n') {
                store(text, 'F');
            } else {
                if (length == LINE_LIMIT) {
                    store(text, 'P');
                }
                line[length++] = bytes[i];
            }
        }
        flush(text);
    }

    private void store(StringBuilder text, char tag) {
        text.append(TIME.format(clock.instant())).append(" stdout ").append(tag).append(' ');
        // ISO 8859-1 carries any byte through unchanged.
        text.append(new String(line, 0, length, StandardCharsets.ISO_8859_1)).append('\n');
        length = 0;
    }

    private void flush(StringBuilder text) throws IOException {
        if (text.isEmpty()) {
            return;
        }
        if (size > LIMIT) {
            out.close();
            Files.move(file, older(), StandardCopyOption.REPLACE_EXISTING);
            out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW);
            size = 0;
            rotations++;
        }
        byte[] stored = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        out.write(stored);
        size += stored.length;
        notifyAll();
    }

    /** The container has ended: a last line without an end is stored, and followers return. */
    @Override
    public synchronized void close() throws IOException {
        if (!ended) {
            ended = true;
            try {
                if (length > 0) {
                    var text = new StringBuilder();
                    store(text, 'F');
                    flush(text);
                }
                out.close();
            } finally {
                notifyAll();
            }
        }
    }

    /** Writes the part that {@code options} ask for; blocks while following. */
    void copy(LogOptions options, OutputStream sink) throws IOException {
        var printer = new Printer(options, sink);
        long position = 0;
        int generation;
        Deque<String> tail = new ArrayDeque<>();
        synchronized (this) {
            generation = rotations;
            if (Files.exists(older())) {
                try (BufferedReader old = Files.newBufferedReader(older(), StandardCharsets.ISO_8859_1)) {
                    for (String each = old.readLine(); each != null; each = old.readLine()) {
                        keep(tail, each, options);
                    }
                }
            }
        }
        boolean first = true;
        while (true) {
            List<String> lines = new ArrayList<>();
            boolean last;
            synchronized (this) {
                last = ended;
                if (generation != rotations) {
                    position = 0;
                    generation = rotations;
                }
                position = read(position, lines);
            }
            if (first) {
                lines.forEach(each -> keep(tail, each, options));
                lines = new ArrayList<>(tail);
                first = false;
            }
            for (String each : lines) {
                if (!printer.print(each)) {
                    return;
                }
            }
            sink.flush();
            if (!options.follow() || last) {
                return;
            }
            awaitMore(position, generation);
        }
    }

    private synchronized void awaitMore(long position, int generation) throws IOException {
        try {
            while (!ended && generation == rotations && size <= position) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("the reader of a log was stopped");
        }
    }

    private static void keep(Deque<String> tail, String line, LogOptions options) {
        Integer limit = options.tailLines();
        tail.addLast(line);
        if (limit != null && tail.size() > limit) {
            tail.removeFirst();
        }
    }

    /** Reads whole lines from {@code position} on; returns where they ended. */
    private long read(long position, List<String> lines) throws IOException {
        if (size <= position) {
            return position;
        }
        try (var reader = new RandomAccessFile(file.toFile(), "r")) {
            reader.seek(position);
            byte[] bytes = new byte[(int) (size - position)];
            reader.readFully(bytes);
            lines.addAll(new String(bytes, StandardCharsets.ISO_8859_1).lines().toList());
            return position + bytes.length;
        }
    }

    private Path older() {
        return file.resolveSibling(file.getFileName() + ".1");
    }

    /** Turns stored lines into what the reader asked for. */
    private static final class Printer {
        private final LogOptions options;
        private final OutputStream sink;
        private long left;
        private boolean inLine;

        Printer(LogOptions options, OutputStream sink) {
            this.options = options;
            this.sink = sink;
            Long limit = options.limitBytes();
            this.left = limit == null ? Long.MAX_VALUE : limit;
        }

        boolean print(String stored) throws IOException {
            int time = stored.indexOf(' ');
            int tag = stored.indexOf(' ', time + 1) + 1;
            Instant since = options.since();
            if (since != null && Instant.parse(stored.substring(0, time)).isBefore(since)) {
                return true;
            }
            boolean part = stored.charAt(tag) == 'P';
            String text = (options.timestamps() && !inLine ? stored.substring(0, time + 1) : "")
                    + stored.substring(tag + 2)
                    + (part ? "" : "\n");
            inLine = part;
            byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
            int count = (int) Math.min(left, bytes.length);
            sink.write(bytes, 0, count);
            left -= count;
            return left > 0;
        }
    }
}
