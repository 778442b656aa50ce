package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The access log, in JSON, of proxies whose mesh's {@code accessLogFile} is {@link #PLACE}. */
final class AccessLogFile {
    /** Stands in MeshConfig for the file. */
    static final String PLACE = "${log}";

    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private final Path file;

    AccessLogFile(Path file) {
        this.file = file;
    }

    @Override
    public String toString() {
        return file.toString();
    }

    /** Bytes that are there. */
    long size() throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    /**
     * Waits for a line as it is expected, written since then; those of calls that found out whether the rules are in force
     * may be written late, before it. Empty when it came, else what is wrong with the one that comes nearest.
     *
     * @param before the file's size before
     * @param expected by field an expression that matches all of its value as it stands in JSON
     */
    List<String> verify(long before, JsonNode expected) throws IOException, InterruptedException {
        List<String> wrong = wrong(before, expected);
        for (long end = System.nanoTime() + PATIENCE_NANOS; !wrong.isEmpty() && System.nanoTime() < end; ) {
            Thread.sleep(20);
            wrong = wrong(before, expected);
        }
        return wrong;
    }

    private List<String> wrong(long before, JsonNode expected) throws IOException {
        return lines(before).stream()
                .map(line -> wrong(JsonMapper.shared().readTree(line), expected))
                .min(Comparator.comparingInt(List::size))
                .orElse(List.of("no line in the access log"));
    }

    private static List<String> wrong(JsonNode line, JsonNode expected) {
        List<String> wrong = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : expected.properties()) {
            String found = line.path(field.getKey()).toString();
            if (!found.matches(Step.text(field.getValue()))) {
                wrong.add("log: " + field.getKey() + " is " + found + ", expected " + Step.text(field.getValue()));
            }
        }
        return wrong;
    }

    /** Complete ones. */
    private List<String> lines(long before) throws IOException {
        if (size() <= before) {
            return List.of();
        }
        byte[] all = Files.readAllBytes(file);
        String text = new String(all, (int) before, all.length - (int) before, StandardCharsets.UTF_8);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }
}
