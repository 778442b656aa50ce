package dev.lateen.control.status;

import dev.lateen.config.ObjectName;
import dev.lateen.control.status.Uptake.Late;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What one replica of the control plane knows of its own proxies: for each object how many it is for, and how many work by
 * it. An object that no proxy is for is told of too, so that one that is missing is known to be still unknown. Pure.
 *
 * <p>It travels as compressed JSON: {@code late} has the proxies that are named, as {@code [NAME, WHY]}; {@code objects}
 * has by kind, namespace and name {@code [GENERATION, PROXIES, ACTIVE, REJECTED, LATE…]}, the last ones as places in
 * {@code late}.
 */
public record ReplicaReport(Map<ObjectName, Counted> objects) {
    static final ReplicaReport EMPTY = new ReplicaReport(Map.of());

    /** Of a longer reason not more is told. */
    private static final int LONGEST = 500;

    /** No report is longer before it is compressed; a longer one would only be damaged. */
    private static final int LARGEST = 64 << 20;

    private static final int BEFORE_LATE = 4;

    private static final Comparator<ObjectName> ORDER = Comparator.comparing(ObjectName::kind)
            .thenComparing(ObjectName::namespace)
            .thenComparing(ObjectName::name);

    /** @param generation of the object that the proxies were counted for */
    record Counted(long generation, Uptake uptake) {}

    /** Whether proxies have yet to say something. */
    boolean isPending() {
        return objects.values().stream().anyMatch(counted -> !counted.uptake().isWhole());
    }

    /**
     * As bytes.
     *
     * @param limit how many there may be; what has no room is left out, the last objects by kind, namespace and name first
     */
    byte[] encode(int limit) {
        List<ObjectName> names = objects.keySet().stream().sorted(ORDER).toList();
        byte[] bytes = encode(names);
        while (bytes.length > limit && !names.isEmpty()) {
            names = names.subList(0, names.size() / 2);
            bytes = encode(names);
        }
        return bytes;
    }

    private byte[] encode(List<ObjectName> names) {
        ObjectNode document = JsonMapper.shared().createObjectNode();
        Map<Late, Integer> late = new LinkedHashMap<>();
        ObjectNode kinds = document.putObject("objects");
        for (ObjectName name : names) {
            Counted counted = objects.getOrDefault(name, new Counted(0, Uptake.NONE));
            Uptake uptake = counted.uptake();
            ArrayNode one = kinds.withObjectProperty(name.kind())
                    .withObjectProperty(name.namespace())
                    .putArray(name.name());
            one.add(counted.generation())
                    .add(uptake.proxies())
                    .add(uptake.active())
                    .add(uptake.rejected() ? 1 : 0);
            for (Late proxy : uptake.late()) {
                one.add(late.computeIfAbsent(proxy, _ -> late.size()));
            }
        }
        ArrayNode named = document.putArray("late");
        late.keySet().forEach(proxy -> named.addArray().add(proxy.name()).add(cut(proxy.why())));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream compressed = new GZIPOutputStream(bytes)) {
            compressed.write(JsonMapper.shared().writeValueAsBytes(document));
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot fail to be written", e);
        }
        return bytes.toByteArray();
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @throws IOException when it is something else
     */
    static ReplicaReport decode(byte[] bytes) throws IOException {
        try (GZIPInputStream plain = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return read(JsonMapper.shared().readTree(plain.readNBytes(LARGEST)));
        } catch (JacksonException e) {
            throw new IOException("not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static ReplicaReport read(JsonNode document) {
        List<Late> late = new ArrayList<>();
        for (JsonNode each : document.path("late")) {
            late.add(new Late(each.path(0).asString(""), each.path(1).asString("")));
        }
        Map<ObjectName, Counted> objects = new HashMap<>();
        for (Map.Entry<String, JsonNode> kind : document.path("objects").properties()) {
            for (Map.Entry<String, JsonNode> namespace : kind.getValue().properties()) {
                for (Map.Entry<String, JsonNode> one : namespace.getValue().properties()) {
                    objects.put(
                            new ObjectName(kind.getKey(), namespace.getKey(), one.getKey()),
                            counted(one.getValue(), late));
                }
            }
        }
        return new ReplicaReport(objects);
    }

    private static Counted counted(JsonNode counts, List<Late> all) {
        List<Late> late = new ArrayList<>();
        for (int i = BEFORE_LATE; i < counts.size(); i++) {
            int place = counts.path(i).asInt(-1);
            if (place >= 0 && place < all.size()) {
                late.add(all.get(place));
            }
        }
        return new Counted(
                counts.path(0).asLong(-1),
                new Uptake(
                        counts.path(1).asInt(0),
                        counts.path(2).asInt(0),
                        counts.path(3).asInt(0) != 0,
                        late));
    }

    private static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " …";
    }
}
