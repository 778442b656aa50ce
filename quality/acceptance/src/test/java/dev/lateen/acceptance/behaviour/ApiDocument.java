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
            Map.entry("Port.targetPort", "outdated, never had a meaning"),
            Map.entry("ServiceEntry.location", "tells proxies whether to say who calls"),
            Map.entry("Ingress.captureMode", "only DEFAULT and IPTABLES, which mean the same"),
            Map.entry("Egress.captureMode", "only DEFAULT and IPTABLES, which mean the same"),
            Map.entry("Match.proxy", "both of its fields are refused"),
            Map.entry("ProxyConfig.selector", "read by injection"),
            Map.entry("ProxyConfig.concurrency", "read by injection"),
            Map.entry("ProxyConfig.environmentVariables", "read by injection"),
            Map.entry("MeshConfig.trustDomain", "counts for certificates"),
            Map.entry("Metrics.reportingInterval", "figures of connections are never old"),
            Map.entry("Tracing.enableIstioTags", "only true, which is how it is without"),
            Map.entry("DefaultConfig.discoveryAddress", "injection and install know it"),
            Map.entry("DefaultConfig.concurrency", "read by injection"),
            Map.entry("DefaultConfig.proxyMetadata", "read by injection"),
            Map.entry("DefaultConfig.terminationDrainDuration", "read by injection"));

    private static final String GATEWAYS = "`GatewayTlsTest` of `core/mesh` and of `runtime/proxy`";
    private static final String CUSTOM = "`CustomAuthorizationTest` of `core/mesh`";
    private static final String TELEMETRY = "`TelemetryTest` of `core/mesh`";
    private static final String REGISTRATION =
            "`RegistrationTest` of `core/mesh`, `RegistrationsTest` of `quality/acceptance`";
    private static final String INGRESS = "`IngressTest` of `core/mesh`";
    private static final String GATEWAY_API = "`GatewayApiTest` of `core/mesh`";
    private static final String FRONTEND = "`CallerChecksTest` of `core/mesh`";
    private static final String MANAGED = "`GatewayManifestTest` of `runtime/control`";
    private static final String DESTINATIONS = "`GatewayTlsTest` of `core/mesh`";

    /** Fields that tests beside the suite prove, and which. */
    private static final Map<String, String> ELSEWHERE = Map.ofEntries(
            Map.entry("MeshConfig.trustDomain", "`TrustDomainsTest` of `core/mesh`"),
            Map.entry("MeshConfig.trustDomainAliases", "`TrustDomainsTest` of `core/mesh`"),
            Map.entry("ServiceEntry.subjectAltNames", DESTINATIONS),
            Map.entry("GatewayClassSpec.controllerName", GATEWAY_API),
            Map.entry("GatewaySpec.Tls.certificateRefs", GATEWAY_API),
            Map.entry("GatewaySpec.tls", FRONTEND),
            Map.entry("GatewaySpec.GatewayTls.frontend", FRONTEND),
            Map.entry("GatewaySpec.Frontend.default", FRONTEND),
            Map.entry("GatewaySpec.Frontend.perPort", FRONTEND),
            Map.entry("GatewaySpec.PortTls.port", FRONTEND),
            Map.entry("GatewaySpec.PortTls.tls", FRONTEND),
            Map.entry("GatewaySpec.FrontendTls.validation", FRONTEND),
            Map.entry("GatewaySpec.FrontendValidation.caCertificateRefs", FRONTEND),
            Map.entry("GatewaySpec.FrontendValidation.mode", FRONTEND),
            Map.entry("ObjectReference.group", GATEWAY_API),
            Map.entry("ObjectReference.kind", GATEWAY_API),
            Map.entry("ObjectReference.namespace", GATEWAY_API),
            Map.entry("ObjectReference.name", GATEWAY_API),
            Map.entry("IngressSpec.tls", INGRESS),
            Map.entry("IngressSpec.Tls.hosts", INGRESS),
            Map.entry("IngressSpec.Tls.secretName", INGRESS),
            Map.entry("GatewaySpec.infrastructure", MANAGED),
            Map.entry("GatewaySpec.Infrastructure.labels", MANAGED),
            Map.entry("GatewaySpec.Infrastructure.annotations", MANAGED),
            Map.entry("WorkloadGroup.metadata", REGISTRATION),
            Map.entry("WorkloadGroup.template", REGISTRATION),
            Map.entry("Metadata.labels", REGISTRATION),
            Map.entry("Metadata.annotations", REGISTRATION),
            Map.entry("WorkloadEntry.serviceAccount", "`MutualTlsTest` of `core/mesh`"),
            Map.entry("TrafficPolicy.tls", DESTINATIONS),
            Map.entry("PortPolicy.tls", DESTINATIONS),
            Map.entry("ClientTls.mode", DESTINATIONS),
            Map.entry("ClientTls.clientCertificate", DESTINATIONS),
            Map.entry("ClientTls.privateKey", DESTINATIONS),
            Map.entry("ClientTls.caCertificates", DESTINATIONS),
            Map.entry("ClientTls.credentialName", DESTINATIONS),
            Map.entry("ClientTls.subjectAltNames", DESTINATIONS),
            Map.entry("ClientTls.sni", DESTINATIONS),
            Map.entry("ClientTls.insecureSkipVerify", DESTINATIONS),
            Map.entry("ClientTls.caCrl", DESTINATIONS),
            Map.entry("ServerTls.mode", GATEWAYS),
            Map.entry("ServerTls.serverCertificate", GATEWAYS),
            Map.entry("ServerTls.privateKey", GATEWAYS),
            Map.entry("ServerTls.caCertificates", GATEWAYS),
            Map.entry("ServerTls.caCrl", GATEWAYS),
            Map.entry("ServerTls.credentialName", GATEWAYS),
            Map.entry("ServerTls.credentialNames", GATEWAYS),
            Map.entry("ServerTls.caCertCredentialName", GATEWAYS),
            Map.entry("ServerTls.tlsCertificates", GATEWAYS),
            Map.entry("CertificateFiles.serverCertificate", GATEWAYS),
            Map.entry("CertificateFiles.privateKey", GATEWAYS),
            Map.entry("CertificateFiles.caCertificates", GATEWAYS),
            Map.entry("ServerTls.subjectAltNames", GATEWAYS),
            Map.entry("ServerTls.verifyCertificateSpki", GATEWAYS),
            Map.entry("ServerTls.verifyCertificateHash", GATEWAYS),
            Map.entry("ServerTls.minProtocolVersion", GATEWAYS),
            Map.entry("ServerTls.maxProtocolVersion", GATEWAYS),
            Map.entry("ServerTls.cipherSuites", GATEWAYS),
            Map.entry("ServerTls.insecureSkipVerify", GATEWAYS),
            Map.entry("Content.allowPartialMessage", CUSTOM),
            Map.entry("Content.maxRequestBytes", CUSTOM),
            Map.entry("Content.packAsBytes", CUSTOM),
            Map.entry("Grpc.failOpen", CUSTOM),
            Map.entry("Grpc.includeRequestBodyInCheck", CUSTOM),
            Map.entry("Grpc.port", CUSTOM),
            Map.entry("Grpc.service", CUSTOM),
            Map.entry("Grpc.statPrefix", CUSTOM),
            Map.entry("Grpc.statusOnError", CUSTOM),
            Map.entry("Grpc.timeout", CUSTOM),
            Map.entry("GrpcAuthorizer.envoyExtAuthzGrpc", CUSTOM),
            Map.entry("Http.failOpen", CUSTOM),
            Map.entry("Http.headersToDownstreamOnAllow", CUSTOM),
            Map.entry("Http.headersToDownstreamOnDeny", CUSTOM),
            Map.entry("Http.headersToUpstreamOnAllow", CUSTOM),
            Map.entry("Http.includeAdditionalHeadersInCheck", CUSTOM),
            Map.entry("Http.includeHeadersInCheck", CUSTOM),
            Map.entry("Http.includeRequestBodyInCheck", CUSTOM),
            Map.entry("Http.includeRequestHeadersInCheck", CUSTOM),
            Map.entry("Http.pathPrefix", CUSTOM),
            Map.entry("Http.port", CUSTOM),
            Map.entry("Http.service", CUSTOM),
            Map.entry("Http.statusOnError", CUSTOM),
            Map.entry("Http.timeout", CUSTOM),
            Map.entry("HttpAuthorizer.envoyExtAuthzHttp", CUSTOM),
            Map.entry("Telemetry.selector", TELEMETRY),
            Map.entry("Telemetry.targetRefs", TELEMETRY),
            Map.entry("Telemetry.tracing", TELEMETRY),
            Map.entry("Telemetry.metrics", TELEMETRY),
            Map.entry("Telemetry.accessLogging", TELEMETRY),
            Map.entry("TargetReference.group", TELEMETRY),
            Map.entry("TargetReference.kind", TELEMETRY),
            Map.entry("TargetReference.name", TELEMETRY),
            Map.entry("TargetReference.namespace", TELEMETRY),
            Map.entry("Tracing.match", TELEMETRY),
            Map.entry("Tracing.providers", TELEMETRY),
            Map.entry("Tracing.randomSamplingPercentage", TELEMETRY),
            Map.entry("Tracing.disableSpanReporting", TELEMETRY),
            Map.entry("Tracing.customTags", TELEMETRY),
            Map.entry("TracingMatch.mode", TELEMETRY),
            Map.entry("ProviderReference.name", TELEMETRY),
            Map.entry("LiteralTag.literal", TELEMETRY),
            Map.entry("EnvironmentTag.environment", TELEMETRY),
            Map.entry("HeaderTag.header", TELEMETRY),
            Map.entry("Literal.value", TELEMETRY),
            Map.entry("Environment.name", TELEMETRY),
            Map.entry("Environment.defaultValue", TELEMETRY),
            Map.entry("RequestHeader.name", TELEMETRY),
            Map.entry("RequestHeader.defaultValue", TELEMETRY),
            Map.entry("Metrics.providers", TELEMETRY),
            Map.entry("Metrics.overrides", TELEMETRY),
            Map.entry("MetricsOverrides.match", TELEMETRY),
            Map.entry("MetricsOverrides.disabled", TELEMETRY),
            Map.entry("MetricsOverrides.tagOverrides", TELEMETRY),
            Map.entry("MetricSelector.mode", TELEMETRY),
            Map.entry("Standard.metric", TELEMETRY),
            Map.entry("TagOverride.operation", TELEMETRY),
            Map.entry("TagOverride.value", TELEMETRY),
            Map.entry("AccessLogging.match", TELEMETRY),
            Map.entry("AccessLogging.providers", TELEMETRY),
            Map.entry("AccessLogging.disabled", TELEMETRY),
            Map.entry("AccessLogging.filter", TELEMETRY),
            Map.entry("AccessLogMatch.mode", TELEMETRY),
            Map.entry("AccessLogFilter.expression", TELEMETRY),
            Map.entry("DefaultConfig.tracing", TELEMETRY),
            Map.entry("MeshConfig.extensionProviders", TELEMETRY),
            Map.entry("MeshConfig.defaultProviders", TELEMETRY),
            Map.entry("DefaultProviders.tracing", TELEMETRY),
            Map.entry("DefaultProviders.metrics", TELEMETRY),
            Map.entry("DefaultProviders.accessLogging", TELEMETRY),
            Map.entry("ExtensionProvider.name", TELEMETRY),
            Map.entry("FileLog.envoyFileAccessLog", TELEMETRY),
            Map.entry("Prometheus.prometheus", TELEMETRY),
            Map.entry("ZipkinCollector.zipkin", TELEMETRY),
            Map.entry("EnvoyFileAccessLog.path", TELEMETRY),
            Map.entry("EnvoyFileAccessLog.logFormat", TELEMETRY),
            Map.entry("EnvoyFileAccessLog.omitEmptyValues", TELEMETRY),
            Map.entry("Text.text", TELEMETRY),
            Map.entry("Labels.labels", TELEMETRY),
            Map.entry("Zipkin.service", TELEMETRY),
            Map.entry("Zipkin.port", TELEMETRY),
            Map.entry("Zipkin.maxTagLength", TELEMETRY),
            Map.entry("Zipkin.path", TELEMETRY),
            Map.entry("OtlpCollector.opentelemetry", TELEMETRY),
            Map.entry("OpenTelemetry.service", TELEMETRY),
            Map.entry("OpenTelemetry.port", TELEMETRY),
            Map.entry("OpenTelemetry.maxTagLength", TELEMETRY),
            Map.entry("OpenTelemetry.http", TELEMETRY),
            Map.entry("OpenTelemetry.grpc", TELEMETRY),
            Map.entry("OtlpHttp.path", TELEMETRY),
            Map.entry("OtlpHttp.timeout", TELEMETRY),
            Map.entry("OtlpHttp.headers", TELEMETRY),
            Map.entry("OtlpGrpc.timeout", TELEMETRY),
            Map.entry("OtlpGrpc.initialMetadata", TELEMETRY),
            Map.entry("HttpHeader.name", TELEMETRY),
            Map.entry("HttpHeader.value", TELEMETRY));

    /** A field; {@code id} is {@code Record.field}. */
    private record Row(String id, Structure owner, Field field) {}

    private final Map<String, List<String>> cases;
    private final Set<String> unproven = new TreeSet<>();
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
        text.append("| `").append(row.field().name()).append("` | ");
        if (refusal != null) {
            text.append("refused: ").append(refusal);
        } else if (cases.containsKey(row.id())) {
            text.append(String.join("; ", cases.getOrDefault(row.id(), List.of())));
        } else if (ELSEWHERE.containsKey(row.id())) {
            text.append(ELSEWHERE.getOrDefault(row.id(), ""));
        } else if (INERT.containsKey(row.id())) {
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
