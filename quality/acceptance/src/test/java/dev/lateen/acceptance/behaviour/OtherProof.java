package dev.lateen.acceptance.behaviour;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Classes of tests beside the suite that prove a field.
 *
 * @param classes each must be there, and one of them must set the field
 */
record OtherProof(List<TestClass> classes) {
    /** The proofs by {@code Record.field}. */
    static final Map<String, OtherProof> ALL = all();

    /** A class of tests of a module. */
    record TestClass(String module, String name) {
        private static final Pattern TEST = Pattern.compile("@(Test|ParameterizedTest|Property)\\b");

        /** The text of the class; empty when there is none, or no test in it. */
        String text() throws IOException {
            try (Stream<Path> files = Files.walk(Path.of("../..", module, "src/test/java"))) {
                Optional<Path> file =
                        files.filter(each -> each.endsWith(name + ".java")).findFirst();
                String text = file.isEmpty() ? "" : Files.readString(file.get());
                return TEST.matcher(text).find() ? text : "";
            }
        }

        @Override
        public String toString() {
            return "`" + name + "` of `" + module + "`";
        }
    }

    /** What is wrong with this as the proof of a field; empty when nothing is. */
    String fault(String id) throws IOException {
        Pattern set = Pattern.compile("(?<![-\\w])" + id.substring(id.lastIndexOf('.') + 1) + "\"?: ?");
        boolean isSet = false;
        for (TestClass each : classes) {
            String text = each.text();
            if (text.isEmpty()) {
                return id + ": there is no test " + each;
            }
            isSet |= set.matcher(text).find();
        }
        return isSet ? "" : id + ": is set nowhere in " + this;
    }

    @Override
    public String toString() {
        return classes.stream().map(TestClass::toString).collect(Collectors.joining(", "));
    }

    private static Map<String, OtherProof> all() {
        Map<String, OtherProof> all = new TreeMap<>();
        put(all, List.of("core/mesh TrustDomainsTest"), """
            MeshConfig.trustDomain MeshConfig.trustDomainAliases""");
        put(all, List.of("core/mesh GatewayTlsTest"), """
            ServiceEntry.subjectAltNames TrafficPolicy.tls PortPolicy.tls ClientTls.mode
            ClientTls.clientCertificate ClientTls.privateKey ClientTls.caCertificates
            ClientTls.credentialName ClientTls.subjectAltNames ClientTls.sni
            ClientTls.insecureSkipVerify ClientTls.caCrl""");
        put(all, List.of("core/mesh GatewayApiTest"), """
            GatewayClassSpec.controllerName GatewaySpec.Tls.certificateRefs ObjectReference.group
            ObjectReference.kind ObjectReference.namespace ObjectReference.name""");
        put(all, List.of("core/mesh CallerChecksTest"), """
            GatewaySpec.tls GatewaySpec.GatewayTls.frontend GatewaySpec.Frontend.default
            GatewaySpec.Frontend.perPort GatewaySpec.PortTls.port GatewaySpec.PortTls.tls
            GatewaySpec.FrontendTls.validation GatewaySpec.FrontendValidation.caCertificateRefs
            GatewaySpec.FrontendValidation.mode""");
        put(all, List.of("core/mesh GatewayClientCertificateTest"), """
            GatewaySpec.GatewayTls.backend GatewaySpec.BackendIdentity.clientCertificateRef""");
        put(all, List.of("core/mesh GatewayTlsOptionsTest"), """
            GatewaySpec.Tls.options""");
        put(all, List.of("core/mesh IngressTest"), """
            IngressSpec.tls IngressSpec.Tls.hosts IngressSpec.Tls.secretName""");
        put(all, List.of("runtime/control GatewayManifestTest"), """
            GatewaySpec.infrastructure GatewaySpec.Infrastructure.labels
            GatewaySpec.Infrastructure.annotations""");
        put(all, List.of("core/mesh RegistrationTest", "quality/acceptance RegistrationsTest"), """
            WorkloadGroup.metadata WorkloadGroup.template Metadata.labels Metadata.annotations""");
        put(all, List.of("core/mesh MutualTlsTest"), """
            WorkloadEntry.serviceAccount""");
        put(all, List.of("core/mesh GatewayTlsTest", "runtime/proxy GatewayTlsTest"), """
            ServerTls.mode ServerTls.serverCertificate ServerTls.privateKey ServerTls.caCertificates
            ServerTls.caCrl ServerTls.credentialName ServerTls.credentialNames
            ServerTls.caCertCredentialName ServerTls.tlsCertificates
            CertificateFiles.serverCertificate CertificateFiles.privateKey
            CertificateFiles.caCertificates ServerTls.subjectAltNames ServerTls.verifyCertificateSpki
            ServerTls.verifyCertificateHash ServerTls.minProtocolVersion ServerTls.maxProtocolVersion
            ServerTls.cipherSuites ServerTls.insecureSkipVerify""");
        put(all, List.of("core/mesh CustomAuthorizationTest"), """
            Content.allowPartialMessage Content.maxRequestBytes Content.packAsBytes Grpc.failOpen
            Grpc.clearRouteCache
            Grpc.includeRequestBodyInCheck Grpc.port Grpc.service Grpc.statPrefix Grpc.statusOnError
            Grpc.timeout GrpcAuthorizer.envoyExtAuthzGrpc Http.failOpen
            Http.headersToDownstreamOnAllow Http.headersToDownstreamOnDeny
            Http.headersToUpstreamOnAllow Http.includeAdditionalHeadersInCheck
            Http.includeHeadersInCheck Http.includeRequestBodyInCheck
            Http.includeRequestHeadersInCheck Http.pathPrefix Http.port Http.service
            Http.statusOnError Http.timeout HttpAuthorizer.envoyExtAuthzHttp""");
        put(all, List.of("core/mesh TelemetryTest"), """
            Telemetry.selector Telemetry.targetRefs Telemetry.tracing Telemetry.metrics
            Telemetry.accessLogging TargetReference.group TargetReference.kind
            TargetReference.name TargetReference.namespace Tracing.match Tracing.providers
            Tracing.randomSamplingPercentage Tracing.disableSpanReporting Tracing.customTags
            Tracing.useRequestIdForTraceSampling TracingMatch.mode ProviderReference.name
            LiteralTag.literal EnvironmentTag.environment HeaderTag.header Literal.value
            Environment.name Environment.defaultValue RequestHeader.name
            RequestHeader.defaultValue Metrics.providers Metrics.overrides MetricsOverrides.match
            MetricsOverrides.disabled MetricsOverrides.tagOverrides MetricSelector.mode
            Standard.metric TagOverride.operation TagOverride.value AccessLogging.match
            AccessLogging.providers AccessLogging.disabled AccessLogging.filter
            AccessLogMatch.mode AccessLogFilter.expression DefaultConfig.tracing
            MeshConfig.defaultProviders DefaultProviders.tracing DefaultProviders.metrics
            DefaultProviders.accessLogging""");
        put(all, List.of("core/mesh ExtensionProvidersTest"), """
            Prometheus.prometheus MeshConfig.extensionProviders OtlpCollector.opentelemetry
            FileLog.envoyFileAccessLog ZipkinCollector.zipkin ExtensionProvider.name
            EnvoyOtelAls.logName EnvoyFileAccessLog.path EnvoyFileAccessLog.logFormat
            EnvoyFileAccessLog.omitEmptyValues Text.text Labels.labels Zipkin.service Zipkin.port
            Zipkin.maxTagLength Zipkin.path Zipkin.timeout Zipkin.headers
            OpenTelemetry.resourceDetectors ResourceDetectors.environment OpenTelemetry.service
            OpenTelemetry.port OpenTelemetry.maxTagLength OpenTelemetry.http OpenTelemetry.grpc
            OtlpHttp.path OtlpHttp.timeout OtlpHttp.headers OtlpGrpc.timeout
            OtlpGrpc.initialMetadata HttpHeader.name HttpHeader.value""");
        return Map.copyOf(all);
    }

    private static void put(Map<String, OtherProof> all, List<String> classes, String ids) {
        OtherProof proof = new OtherProof(classes.stream()
                .map(each -> each.split(" ", -1))
                .map(parts -> new TestClass(parts[0], parts[1]))
                .toList());
        for (String id : ids.split("\\s+", -1)) {
            if (all.put(id, proof) != null) {
                throw new IllegalStateException(id + " is given twice");
            }
        }
    }
}
