package dev.lateen.acceptance.behaviour;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.RefusedKinds;
import dev.lateen.config.kubernetes.HttpRouteSpec;
import dev.lateen.config.shape.Field;
import dev.lateen.config.shape.Shape;
import dev.lateen.config.shape.Structure;
import dev.lateen.config.shape.Union;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Writes {@code docs/api.md}: a row for every field that the kinds' records have, with the behaviour that proves it, or
 * the words that refuse it.
 */
public final class ApiDocument {
    private static final String GROUP = "networking.istio.io";

    static final Path FILE = Path.of("../../docs/api.md");

    /** Fields that are read, and from which nothing follows that could be seen. */
    private static final Map<String, String> INERT = Map.ofEntries(
            Map.entry("Port.name", "a name for people"),
            Map.entry("Server.name", "a name for people"),
            Map.entry("HttpRouteSpec.Rule.name", "a name for people"),
            Map.entry("GrpcRouteSpec.Rule.name", "a name for people"),
            Map.entry("ConnectionRouteSpec.Rule.name", "a name for people"),
            Map.entry("GatewayClassSpec.description", "words for people"),
            Map.entry("BackendTlsPolicySpec.Target.group", "only the core's, which is empty"),
            Map.entry("BackendTlsPolicySpec.CertificateReference.group", "only the core's, which is empty"),
            Map.entry("ListenerSetSpec.Parent.group", "only that of the Gateway API, as without it"),
            Map.entry("ListenerSetSpec.Parent.kind", "only Gateway, as without it"),
            Map.entry("ServiceEntry.location", "tells proxies whether to say who calls"),
            Map.entry("ProxyConfig.selector", "read by injection"),
            Map.entry("ProxyConfig.concurrency", "read by injection"),
            Map.entry("ProxyConfig.environmentVariables", "read by injection"),
            Map.entry("Metrics.reportingInterval", "figures of connections are never old"),
            Map.entry("DefaultConfig.discoveryAddress", "injection and install know it"),
            Map.entry("DefaultConfig.concurrency", "read by injection"),
            Map.entry("DefaultConfig.proxyMetadata", "read by injection"),
            Map.entry("DefaultConfig.terminationDrainDuration", "read by injection"));

    /** A field; {@code id} is {@code Record.field}. */
    private record Row(String id, Structure owner, Field field) {}

    private final Map<String, List<String>> cases;
    private final Set<String> unproven = new TreeSet<>();
    private final Set<String> others = new TreeSet<>();
    private final Set<String> inert = new TreeSet<>();
    private final Set<String> ids = new TreeSet<>();

    private ApiDocument(List<Behaviour> behaviours) {
        cases = new LinkedHashMap<>();
        for (Behaviour behaviour : behaviours) {
            for (String id : behaviour.proves()) {
                cases.computeIfAbsent(id, _ -> new ArrayList<>()).add(behaviour.toString());
            }
        }
    }

    /** Writes the document; run in the module's folder. */
    public static void main(String[] arguments) throws IOException {
        Files.createDirectories(FILE.getParent());
        Files.writeString(FILE, new ApiDocument(Behaviour.all()).text());
    }

    /** The document as it should be. */
    static String expected() throws IOException {
        return new ApiDocument(Behaviour.all()).text();
    }

    /** Fields that are honoured and that no case proves. */
    static Set<String> unproven() throws IOException {
        ApiDocument document = new ApiDocument(Behaviour.all());
        document.text();
        return document.unproven;
    }

    /** What cases claim to prove though no record has it. */
    static Set<String> unknown() throws IOException {
        ApiDocument document = new ApiDocument(Behaviour.all());
        document.text();
        Set<String> unknown = new TreeSet<>(document.cases.keySet());
        unknown.removeAll(document.ids);
        return unknown;
    }

    /** What is listed beside the cases though no row says it: no record has it, or it is refused or proven by a case. */
    static Set<String> idle() throws IOException {
        ApiDocument document = new ApiDocument(Behaviour.all());
        document.text();
        Set<String> idle = new TreeSet<>(OtherProof.ALL.keySet());
        idle.removeAll(document.others);
        Set<String> words = new TreeSet<>(INERT.keySet());
        words.removeAll(document.inert);
        idle.addAll(words);
        return idle;
    }

    private String text() {
        StringBuilder text = new StringBuilder("""
            # The traffic and telemetry APIs, field by field

            Generated from the records that read it (`quality/acceptance`, `ApiDocument`); a test holds it up to date.

            Each field is honoured, and the named case of `quality/acceptance/src/test/resources/behaviours` proves it on our
            proxy and on a stock Envoy: it passes, and fails when the field is taken out of its manifests (`.ci/parts/envoy`).
            Or a test of another module proves it, which the row names. Or it is refused, with the words that stand in the row after the field's name. Any other field is refused as unknown.
            """);
        for (Kind<?> kind : traffic()) {
            text.append("\n## ")
                    .append(kind.key())
                    .append("\n\n")
                    .append(kind.description())
                    .append('\n');
            tables(kind.spec(), text);
        }
        text.append("\n## MeshConfig\n\n");
        text.append("Key `mesh` of ConfigMap `istio`. Fields that are not listed have no effect, and a ");
        text.append("warning names each that is set.\n");
        tables(MeshConfig.class, text);
        text.append("\n## Refused kinds\n\n| kind | instead |\n| --- | --- |\n");
        for (RefusedKinds.Refused refused : RefusedKinds.all()) {
            text.append("| ")
                    .append(refused.kind())
                    .append(" of ")
                    .append(refused.group())
                    .append(" | ");
            text.append(refused.advice()).append(" |\n");
        }
        return text.toString();
    }

    private void tables(Class<?> spec, StringBuilder text) {
        Map<Structure, List<Row>> byRecord = new LinkedHashMap<>();
        collect(Structure.of(spec), byRecord);
        byRecord.forEach((owner, rows) -> {
            if (rows.stream().allMatch(row -> ids.contains(row.id()))) {
                return; // A record that several kinds share stands with the first.
            }
            text.append("\n| ").append(name(owner)).append(" | |\n| --- | --- |\n");
            rows.forEach(row -> row(row, text));
        });
    }

    private void row(Row row, StringBuilder text) {
        ids.add(row.id());
        String refusal = row.field().refusal();
        OtherProof other = OtherProof.ALL.get(row.id());
        text.append("| `").append(row.field().name()).append("` | ");
        if (refusal != null) {
            text.append("refused: ").append(refusal);
        } else if (cases.containsKey(row.id())) {
            text.append(String.join("; ", cases.getOrDefault(row.id(), List.of())));
        } else if (other != null) {
            others.add(row.id());
            text.append(other);
        } else if (INERT.containsKey(row.id())) {
            inert.add(row.id());
            text.append("nothing to see: ").append(INERT.getOrDefault(row.id(), ""));
        } else {
            unproven.add(row.id());
            text.append("not proven yet");
        }
        if (row.field().shape() instanceof Shape.Choice choice) {
            choice.constants().forEach((name, constant) -> {
                if (constant.refusal() != null) {
                    text.append("; `").append(name).append("` refused: ").append(constant.refusal());
                }
            });
        }
        text.append(" |\n");
    }

    private static void collect(Structure structure, Map<Structure, List<Row>> byRecord) {
        if (byRecord.containsKey(structure)) {
            return;
        }
        List<Row> rows = new ArrayList<>();
        byRecord.put(structure, rows);
        for (Field field : structure.fields()) {
            if (!field.inline()) {
                rows.add(new Row(id(structure, field), structure, field));
            }
            if (field.refusal() == null) {
                inside(field.shape(), inner -> collect(inner, byRecord));
            }
        }
        if (rows.isEmpty()) {
            byRecord.remove(structure);
        }
    }

    /** What a field is called: {@code Record.field}. */
    static String id(Structure owner, Field field) {
        return name(owner) + "." + field.name();
    }

    /** Kinds of the Gateway API and Ingress have parts of the same names, so theirs go by the kind's. */
    private static String name(Structure owner) {
        Class<?> around = owner.type().getEnclosingClass();
        boolean shared = around == null || !around.getPackage().equals(HttpRouteSpec.class.getPackage());
        return shared ? owner.toString() : around.getSimpleName() + "." + owner;
    }

    private static void inside(Shape shape, Consumer<Structure> visitor) {
        switch (shape) {
            case Shape.Sequence(var items) -> inside(items, visitor);
            case Shape.Dictionary(var values) -> inside(values, visitor);
            case Structure structure -> visitor.accept(structure);
            case Union union -> union.branches().forEach(visitor);
            default -> {}
        }
    }

    /** Kinds of security have tables of their own. */
    private static List<Kind<?>> traffic() {
        return Kinds.all().stream()
                .filter(kind ->
                        kind.group().equals(GROUP) || kind.equals(Kinds.TELEMETRY) || Kinds.isOfKubernetes(kind))
                .toList();
    }
}
