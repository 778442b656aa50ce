package dev.lateen.cluster.api;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who set which field: keeps {@code metadata.managedFields} as objects change, and applies a manager's whole intent
 * (server-side apply).
 */
final class ManagedFields {
    private static final String APPLY = "Apply";

    private ManagedFields() {}

    /**
     * Who changes an object.
     *
     * @param name the manager's name
     * @param subresource the subresource it goes through, or empty
     * @param apiVersion the version in which it states its fields
     * @param time now
     */
    record Manager(String name, String subresource, String apiVersion, Instant time) {}

    private record Entry(
            String manager, String operation, String apiVersion, String time, String subresource, FieldSet fields) {
        boolean is(Manager other, String wanted) {
            return manager.equals(other.name()) && operation.equals(wanted) && subresource.equals(other.subresource());
        }

        Entry with(FieldSet set) {
            return new Entry(manager, operation, apiVersion, time, subresource, set);
        }

        JsonNode json() {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            json.put("manager", manager).put("operation", operation).put("apiVersion", apiVersion);
            json.put("time", time).put("fieldsType", "FieldsV1").set("fieldsV1", fields.json());
            return subresource.isEmpty() ? json : json.put("subresource", subresource);
        }
    }

    /** Notes in {@code after} what a create, replace or patch has set. */
    static void update(Schema schema, @Nullable ObjectNode before, ObjectNode after, Manager manager) {
        JsonNode sent = after.path("metadata").path("managedFields");
        // A client may rewrite the list, as kubectl does when it turns to server-side apply; an empty one clears it.
        boolean reset = before != null && sent.isArray() && sent.isEmpty();
        List<Entry> entries = reset || before == null ? new ArrayList<>() : entries(sent.isArray() ? after : before);
        ObjectNode now = OwnedFields.managed(after);
        FieldSet present = OwnedFields.of(schema, now);
        FieldSet changed = OwnedFields.changed(schema, before == null ? null : OwnedFields.managed(before), now);
        List<Entry> result = new ArrayList<>();
        Entry mine = null;
        for (Entry entry : entries) {
            if (entry.is(manager, "Update")) {
                mine = entry;
            } else {
                keep(result, entry.with(entry.fields().minus(changed)), present);
            }
        }
        FieldSet owned = mine == null ? changed : held(mine.fields(), present).union(changed);
        if (!owned.isEmpty() && !reset) {
            String time = mine != null && changed.isEmpty() ? mine.time() : text(manager.time());
            result.add(new Entry(manager.name(), "Update", manager.apiVersion(), time, manager.subresource(), owned));
        }
        write(after, result);
    }

    private static void keep(List<Entry> entries, Entry entry, FieldSet present) {
        FieldSet held = held(entry.fields(), present);
        if (!held.isEmpty()) {
            entries.add(entry.with(held));
        }
    }

    /** Of a set, the fields that still are. */
    private static FieldSet held(FieldSet set, FieldSet present) {
        FieldSet result = new FieldSet();
        result.self = set.self;
        set.children.forEach((edge, child) -> {
            FieldSet there = present.children.get(edge);
            if (there != null) {
                FieldSet held = held(child, there);
                if (!held.isEmpty()) {
                    result.children.put(edge, held);
                }
            }
        });
        return result;
    }

    /**
     * The object after a manager has applied its intent: what it states is set, what it stated before and no longer
     * does is gone unless somebody else states it.
     *
     * @param live the present object, or null
     * @param force whether to take fields over from others that state them otherwise
     * @throws ApiException a conflict that names each field and its manager
     */
    static ObjectNode apply(
            Schema schema, @Nullable ObjectNode live, ObjectNode applied, Manager manager, boolean force)
            throws ApiException {
        FieldSet intent = OwnedFields.of(schema, OwnedFields.managed(applied));
        List<Entry> others = new ArrayList<>();
        Entry mine = null;
        for (Entry entry : live == null ? List.<Entry>of() : entries(live)) {
            if (entry.is(manager, APPLY)) {
                mine = entry;
            } else {
                others.add(entry);
            }
        }
        ObjectNode stated = applied.deepCopy();
        if (stated.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove(List.of("managedFields", "creationTimestamp"));
        }
        ObjectNode result = (ObjectNode) OwnedFields.merge(schema, live, stated);
        if (live != null) {
            FieldSet changed = OwnedFields.changed(schema, OwnedFields.managed(live), OwnedFields.managed(result))
                    .intersect(intent);
            others = settle(others, changed, force);
        }
        if (mine != null) {
            FieldSet kept = others.stream().map(Entry::fields).reduce(intent, FieldSet::union);
            OwnedFields.remove(schema, result, mine.fields().minus(intent), kept);
        }
        String time = text(manager.time());
        if (live != null
                && mine != null
                && mine.fields().equals(intent)
                && OwnedFields.managed(live).equals(OwnedFields.managed(result))) {
            time = mine.time();
        }
        others.add(new Entry(manager.name(), APPLY, manager.apiVersion(), time, manager.subresource(), intent));
        write(result, others);
        return result;
    }

    private static List<Entry> settle(List<Entry> others, FieldSet changed, boolean force) throws ApiException {
        List<Entry> result = new ArrayList<>();
        List<ApiException.Cause> causes = new ArrayList<>();
        Map<String, List<String>> conflicts = new LinkedHashMap<>();
        for (Entry entry : others) {
            FieldSet disputed = entry.fields().intersect(changed);
            if (!disputed.isEmpty() && !force) {
                String who = who(entry);
                List<String> paths = disputed.paths();
                paths.forEach(path ->
                        causes.add(new ApiException.Cause("FieldManagerConflict", "conflict with " + who, path)));
                conflicts.computeIfAbsent(who, _ -> new ArrayList<>()).addAll(paths);
            }
            FieldSet left = entry.fields().minus(disputed);
            if (!left.isEmpty()) {
                result.add(entry.with(left));
            }
        }
        if (!causes.isEmpty()) {
            boolean one = causes.size() == 1;
            throw ApiException.applyConflict(
                    causes,
                    conflicts.entrySet().stream()
                            .map(each -> one
                                    ? "conflict with " + each.getKey() + ": "
                                            + each.getValue().getFirst()
                                    : "conflicts with " + each.getKey() + ":\n- "
                                            + String.join("\n- ", each.getValue()))
                            .toList());
        }
        return result;
    }

    private static String who(Entry entry) {
        if (entry.operation().equals(APPLY)) {
            return "\"" + entry.manager() + "\"";
        }
        String through = entry.subresource().isEmpty() ? "" : " with subresource \"" + entry.subresource() + "\"";
        return "\"" + entry.manager() + "\"" + through + " using " + entry.apiVersion();
    }

    private static String text(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static List<Entry> entries(ObjectNode object) {
        List<Entry> entries = new ArrayList<>();
        object.path("metadata")
                .path("managedFields")
                .forEach(entry -> entries.add(new Entry(
                        entry.path("manager").asString(""),
                        entry.path("operation").asString(""),
                        entry.path("apiVersion").asString(""),
                        entry.path("time").asString(""),
                        entry.path("subresource").asString(""),
                        FieldSet.of(entry.path("fieldsV1")))));
        return entries;
    }

    private static void write(ObjectNode object, List<Entry> entries) {
        ObjectNode metadata = Defaults.object(object, "metadata");
        if (entries.isEmpty()) {
            metadata.remove("managedFields");
            return;
        }
        ArrayNode list = metadata.putArray("managedFields");
        entries.stream()
                .filter(entry -> !entry.fields().isEmpty())
                .sorted(java.util.Comparator.comparing(Entry::operation)
                        .thenComparing(Entry::time)
                        .thenComparing(Entry::manager))
                .forEach(entry -> list.add(entry.json()));
    }
}
