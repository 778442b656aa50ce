package dev.lateen.mesh.registry;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Kinds;
import dev.lateen.config.ObjectMeta;
import dev.lateen.config.ObjectName;
import dev.lateen.config.networking.WorkloadEntry;
import dev.lateen.config.networking.WorkloadGroup;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Entries of workloads that register themselves (Istio's documentation, workload auto-registration): named after their
 * group and address, and annotated with when their proxy came and went. Pure.
 */
public final class Registration {
    /** Annotation with the group's name: the entry was made by a control plane, and goes by one. */
    public static final String GROUP = "istio.io/autoRegistrationGroup";

    /** Annotation with the time when the proxy came, or was last seen there. */
    public static final String CONNECTED = "istio.io/connectedAt";

    /** Annotation with the time when it went. */
    public static final String DISCONNECTED = "istio.io/disconnectedAt";

    /** How long an entry stays when its proxy has gone. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    /** How often a control plane says that a proxy is still there. */
    public static final Duration SEEN_EVERY = Duration.ofMinutes(10);

    /** Without a word of any control plane, the one that knew the proxy is gone as well. */
    private static final Duration FORGOTTEN = SEEN_EVERY.multipliedBy(3);

    private static final int LONGEST_NAME = 253;

    private Registration() {}

    /** Name of the entry of a workload. */
    public static ObjectName entry(String group, String namespace, String address) {
        String name = group + "-" + address.replace(':', '-');
        // The address tells entries of one group apart, so a name that is too long loses its beginning.
        String fitting = name.substring(Math.max(0, name.length() - LONGEST_NAME));
        return new ObjectName(Kinds.WORKLOAD_ENTRY.key(), namespace, fitting);
    }

    /**
     * The entry of a workload whose proxy is there now.
     *
     * @param labels that the proxy tells; they come before the group's, and those before the template's
     * @param locality that the proxy tells, empty when it does not
     */
    public static ConfigObject<WorkloadEntry> register(
            ConfigObject<WorkloadGroup> group,
            String address,
            Map<String, String> labels,
            String locality,
            Instant now) {
        WorkloadGroup spec = group.spec();
        WorkloadEntry template = spec.template();
        WorkloadGroup.Metadata metadata = spec.metadata();
        Map<String, String> all = new TreeMap<>(template.labels());
        Map<String, String> annotations = new HashMap<>();
        if (metadata != null) {
            all.putAll(metadata.labels());
            annotations.putAll(metadata.annotations());
        }
        all.putAll(labels);
        annotations.put(GROUP, group.name());
        annotations.put(CONNECTED, now.toString());
        ObjectName name = entry(group.name(), group.namespace(), address);
        return new ConfigObject<>(
                Kinds.WORKLOAD_ENTRY,
                Kinds.WORKLOAD_ENTRY.apiVersion(),
                ObjectMeta.owned(name, all, annotations, List.of(owner(group))),
                new WorkloadEntry(
                        address,
                        template.ports(),
                        all,
                        template.network(),
                        locality.isEmpty() ? template.locality() : locality,
                        template.weight(),
                        template.serviceAccount()),
                group.origin());
    }

    private static JsonNode owner(ConfigObject<WorkloadGroup> group) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("apiVersion", group.apiVersion())
                .put("kind", group.kind().name())
                .put("name", group.name())
                .put("uid", group.metadata().uid());
    }

    /** Whether an entry was made for a proxy that is gone for good. */
    public static boolean isOver(ConfigObject<WorkloadEntry> entry, Instant now) {
        return isOver(entry.metadata().annotations(), now);
    }

    /** As {@link #isOver(ConfigObject, Instant)}, by the annotations of the entry. */
    public static boolean isOver(Map<String, String> annotations, Instant now) {
        if (!annotations.containsKey(GROUP)) {
            return false;
        }
        Instant gone = time(annotations.get(DISCONNECTED));
        Instant seen = time(annotations.get(CONNECTED));
        return (gone != null && now.isAfter(gone.plus(GRACE)))
                || (gone == null && seen != null && now.isAfter(seen.plus(FORGOTTEN)));
    }

    private static @Nullable Instant time(@Nullable String text) {
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
