package dev.lateen.config;

import dev.lateen.config.networking.ConnectionPool;
import dev.lateen.config.networking.HttpRoute.HttpRetry;
import dev.lateen.config.networking.LocalitySetting;
import dev.lateen.config.networking.OutlierDetection;
import dev.lateen.config.security.AuthorizationProvider;
import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.ShapeReader;
import dev.lateen.config.shape.Structure;
import dev.lateen.config.telemetry.DefaultProviders;
import dev.lateen.config.telemetry.ExtensionProvider;
import dev.lateen.config.telemetry.LogCommands;
import dev.lateen.config.yaml.YamlDocument;
import dev.lateen.config.yaml.YamlProblem;
import dev.lateen.config.yaml.YamlText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Settings of the whole mesh (istio.mesh.v1alpha1 MeshConfig): what stands in key {@code mesh} of ConfigMap {@code istio}.
 * Fields that nothing here uses are no error; reading names them.
 *
 * @param outboundTrafficPolicy null means ALLOW_ANY
 * @param accessLogFile where proxies write their access log; empty for none
 * @param accessLogFormat Envoy's format of a line, or of a JSON object; empty means Istio's default
 * @param rootNamespace whose objects hold for all namespaces
 * @param trustDomainAliases trust domains whose identities are the mesh's own as well, such as those of before
 * @param connectTimeout null means 10 s
 * @param protocolDetectionTimeout how long a port of unnamed protocol waits for the first bytes; zero and null: without
 *     end
 * @param defaultHttpRetryPolicy for routes that say nothing; null means retrying only what never reached the server
 * @param defaultConfig how proxies run
 * @param localityLbSetting for destinations whose rules say nothing
 * @param tcpKeepalive for destinations whose rules say nothing
 * @param dnsRefreshRate how often names are looked up again where DNS gives no time to live; null means 60 s
 * @param defaultServiceExportTo for services and ServiceEntries that say nothing; empty means all namespaces, as for the
 *     next
 * @param defaultTrafficPolicy for destinations whose rules say nothing
 * @param extensionProviders whom the mesh tells of its traffic, and whom policies may have asked; one that is refused
 *     stops no other
 * @param defaultProviders those that count where no Telemetry names any
 */
public record MeshConfig(
        @Nullable OutboundTrafficPolicy outboundTrafficPolicy,
        String accessLogFile,
        String accessLogFormat,
        LogEncoding accessLogEncoding,
        String rootNamespace,
        String trustDomain,
        List<String> trustDomainAliases,
        @Nullable Duration connectTimeout,
        @Nullable Duration protocolDetectionTimeout,
        @Nullable HttpRetry defaultHttpRetryPolicy,
        @Nullable DefaultConfig defaultConfig,
        @Nullable LocalitySetting localityLbSetting,
        ConnectionPool.@Nullable Keepalive tcpKeepalive,
        @AtLeast("1s") @Nullable Duration dnsRefreshRate,
        List<String> defaultServiceExportTo,
        List<String> defaultVirtualServiceExportTo,
        @Nullable PathNormalization pathNormalization,
        @Nullable DefaultTrafficPolicy defaultTrafficPolicy,
        List<ExtensionProvider> extensionProviders,
        @Nullable DefaultProviders defaultProviders)
        implements Checked {
    @Override
    public void check(Findings findings) {
        String problem = LogCommands.problem(accessLogFormat);
        if (problem != null) {
            findings.error("accessLogFormat", problem);
        }
        if (accessLogEncoding == LogEncoding.JSON && !accessLogFormat.isEmpty()) {
            try {
                if (!JsonMapper.shared().readTree(accessLogFormat).isObject()) {
                    findings.error("accessLogFormat", "must be a JSON object where accessLogEncoding is JSON");
                }
            } catch (JacksonException e) {
                findings.error("accessLogFormat", "is no JSON: " + e.getOriginalMessage());
            }
        }
    }

    /** What proxies do with hosts that the mesh does not know. */
    public record OutboundTrafficPolicy(Mode mode) {}

    /** How proxies write paths before they compare and forward them. */
    public record PathNormalization(Normalization normalization) {}

    /** See {@link PathNormalization}. */
    public enum Normalization {
        DEFAULT,
        NONE,
        BASE,
        MERGE_SLASHES,
        DECODE_AND_MERGE_SLASHES
    }

    /** Policies of every destination whose rules say nothing of the kind. */
    public record DefaultTrafficPolicy(
            @Nullable ConnectionPool connectionPool,
            @Nullable OutlierDetection outlierDetection) {}

    /** See {@link OutboundTrafficPolicy}. */
    public enum Mode {
        ALLOW_ANY,
        REGISTRY_ONLY
    }

    /** How a line of the access log is written. */
    public enum LogEncoding {
        TEXT,
        JSON
    }

    /**
     * What reading gave.
     *
     * @param config the defaults where the text could not be read
     */
    public record Read(MeshConfig config, List<Problem> problems) {}

    /** A mesh that sets nothing. */
    public static MeshConfig defaults() {
        return new MeshConfig(
                null,
                "",
                "",
                LogEncoding.TEXT,
                "",
                "",
                List.of(),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                List.of(),
                List.of(),
                null,
                null,
                List.of(),
                null);
    }

    /** The services among the providers that AuthorizationPolicies may have asked. */
    public List<AuthorizationProvider> authorizers() {
        List<AuthorizationProvider> authorizers = new ArrayList<>();
        for (ExtensionProvider provider : extensionProviders) {
            switch (provider.provider()) {
                case ExtensionProvider.Provider.HttpAuthorizer(var http) ->
                    authorizers.add(new AuthorizationProvider(provider.name(), http, null));
                case ExtensionProvider.Provider.GrpcAuthorizer(var grpc) ->
                    authorizers.add(new AuthorizationProvider(provider.name(), null, grpc));
                default -> {}
            }
        }
        return authorizers;
    }

    /** Whether hosts that the mesh does not know are refused. */
    public boolean registryOnly() {
        return outboundTrafficPolicy != null && outboundTrafficPolicy.mode() == Mode.REGISTRY_ONLY;
    }

    /** The namespace whose objects hold for all; {@code istio-system} unless set. */
    public String effectiveRootNamespace() {
        return rootNamespace.isEmpty() ? "istio-system" : rootNamespace;
    }

    /** How paths are written; BASE unless set. */
    public Normalization effectiveNormalization() {
        return pathNormalization == null || pathNormalization.normalization() == Normalization.DEFAULT
                ? Normalization.BASE
                : pathNormalization.normalization();
    }

    /** What stands in front of gateways. */
    public GatewayTopology gatewayTopology() {
        return defaultConfig == null || defaultConfig.gatewayTopology() == null
                ? GatewayTopology.NONE
                : defaultConfig.gatewayTopology();
    }

    /** Time to wait for a connection, unless a DestinationRule says otherwise. */
    public Duration effectiveConnectTimeout() {
        return connectTimeout == null ? Duration.ofSeconds(10) : connectTimeout;
    }

    /**
     * Reads the YAML of the mesh's settings. Never throws for bad input.
     *
     * @param source what problems call the text
     */
    public static Read read(String source, String yaml) {
        List<Problem> problems = new ArrayList<>();
        YamlText text = YamlText.read(yaml);
        for (YamlProblem problem : text.problems()) {
            Origin origin = new Origin.File(source, problem.line(), Map.of(), "");
            problems.add(Problem.error(origin, "", problem.message()));
        }
        MeshConfig config = defaults();
        for (YamlDocument document : text.documents()) {
            Origin origin = new Origin.File(source, document.line(), document.lines(), "");
            MeshConfig read = read(document.tree(), origin, problems);
            config = read == null ? config : read;
        }
        return new Read(config, List.copyOf(problems));
    }

    private static @Nullable MeshConfig read(JsonNode tree, Origin origin, List<Problem> problems) {
        if (!(tree instanceof ObjectNode given)) {
            return reader(origin, problems).read(tree, MeshConfig.class, "");
        }
        ObjectNode used = used(given, MeshConfig.class, "", origin, problems);
        if (used.get("extensionProviders") instanceof ArrayNode all) {
            used.set("extensionProviders", providers(all, origin, problems));
        }
        if (used.get("defaultConfig") instanceof ObjectNode proxies) {
            used.set("defaultConfig", used(proxies, DefaultConfig.class, "defaultConfig.", origin, problems));
        }
        return reader(origin, problems).read(used, MeshConfig.class, "");
    }

    /** The fields that a record has; a warning names each of the others. */
    private static ObjectNode used(
            ObjectNode tree, Class<?> record, String path, Origin origin, List<Problem> problems) {
        ObjectNode used = JsonNodeFactory.instance.objectNode();
        List<String> known =
                Structure.of(record).fields().stream().map(f -> f.name()).toList();
        for (Map.Entry<String, JsonNode> entry : tree.properties()) {
            if (known.contains(entry.getKey())) {
                used.set(entry.getKey(), entry.getValue());
            } else {
                problems.add(Problem.warning(origin, path + entry.getKey(), "has no effect in this version"));
            }
        }
        return used;
    }

    /** Those that can be honoured: one that cannot is a problem, and stops nothing else. */
    private static JsonNode providers(ArrayNode all, Origin origin, List<Problem> problems) {
        ArrayNode good = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < all.size(); i++) {
            ShapeReader reader = reader(origin, problems);
            if (reader.read(all.get(i), ExtensionProvider.class, "extensionProviders[" + i + "]") != null) {
                good.add(all.get(i));
            }
        }
        return good;
    }

    private static ShapeReader reader(Origin origin, List<Problem> problems) {
        return new ShapeReader((error, path, message) ->
                problems.add(new Problem(error ? Problem.Level.ERROR : Problem.Level.WARNING, origin, path, message)));
    }
}
