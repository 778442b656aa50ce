package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Outdated;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Refused;
import dev.lateen.config.shape.Required;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Ports and hosts that proxies at the edge open (networking.istio.io Gateway).
 *
 * @param selector labels of the proxies' pods; empty selects every proxy of the object's namespace
 */
public record Gateway(@Required List<Server> servers, Map<String, String> selector) {
    /**
     * One port, for some hosts.
     *
     * @param bind address to listen at; empty for all
     * @param hosts as {@code api.example.com} or {@code namespace/api.example.com}, where the namespaces {@code *} and {@code .} stand for any and the
     *     object's own namespace
     */
    public record Server(
            @Required Port port,
            String bind,
            @Required List<String> hosts,
            @Nullable ServerTls tls,

            @Refused("is honoured by no proxy: write a VirtualService for the gateway")
            String defaultEndpoint,

            String name)
            implements Checked {
        @Override
        public void check(Findings findings) {
            for (int i = 0; i < hosts.size(); i++) {
                String host = hosts.get(i);
                HostNames.check(host.substring(host.indexOf('/') + 1), "hosts[" + i + "]", findings);
            }
        }
    }

    /** A port as callers see it. */
    public record Port(
            @Required @Range(min = 1, max = 65535) int number,
            @Required String protocol,
            @Required String name,

            @Outdated("the port of the pod comes from the Service") @Range(min = 0, max = 65535)
            int targetPort)
            implements Checked {
        @Override
        public void check(Findings findings) {
            Protocols.check(protocol, findings);
        }
    }

    /** TLS towards callers (networking.istio.io ServerTLSSettings). */
    public record ServerTls(
            boolean httpsRedirect,
            Mode mode,
            @Later(ServerTls.ENDING) String serverCertificate,
            @Later(ServerTls.ENDING) String privateKey,
            @Later(ServerTls.ENDING) String caCertificates,
            @Later(ServerTls.ENDING) String caCrl,
            @Later(ServerTls.ENDING) String credentialName,
            @Later(ServerTls.ENDING) List<String> credentialNames,
            @Later(ServerTls.ENDING) String caCertCredentialName,
            @Later(ServerTls.ENDING) List<JsonNode> tlsCertificates,
            @Later(ServerTls.ENDING) List<String> subjectAltNames,
            @Later(ServerTls.ENDING) List<String> verifyCertificateSpki,
            @Later(ServerTls.ENDING) List<String> verifyCertificateHash,
            @Later(ServerTls.ENDING) String minProtocolVersion,
            @Later(ServerTls.ENDING) String maxProtocolVersion,
            @Later(ServerTls.ENDING) List<String> cipherSuites,
            @Later(ServerTls.ENDING) @Nullable Boolean insecureSkipVerify) {
        static final String ENDING = "TLS that ends at the gateway";
    }

    /** What the gateway does with TLS. */
    public enum Mode {
        PASSTHROUGH,
        @Later(ServerTls.ENDING)
        SIMPLE,
        @Later(ServerTls.ENDING)
        MUTUAL,
        @Later("TLS between proxies")
        AUTO_PASSTHROUGH,
        @Later(ServerTls.ENDING)
        ISTIO_MUTUAL,
        @Later(ServerTls.ENDING)
        OPTIONAL_MUTUAL
    }
}
