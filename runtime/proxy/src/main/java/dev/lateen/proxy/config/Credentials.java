package dev.lateen.proxy.config;

import dev.lateen.proxy.tls.CredentialFiles;
import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.listener.FilterChain;
import dev.lateen.proxycore.listener.TransportSocket;
import dev.lateen.proxycore.tls.Material;
import dev.lateen.proxycore.tls.TlsRules;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keys and certificates that the configuration names: which are needed, and those that the control plane sends (SDS).
 *
 * @param secrets takes those that were sent
 * @param files reads those that are in files
 */
public record Credentials(SecretStore secrets, CredentialFiles files) {
    /** Has files read that are needed, and returns the names of what the control plane is to send. */
    Set<String> want(Collection<CompiledListener> listeners, Collection<CompiledCluster> clusters) {
        Set<Material> needed = new HashSet<>();
        for (CompiledListener listener : listeners) {
            add(listener, needed);
        }
        for (CompiledCluster cluster : clusters) {
            add(cluster, needed);
        }
        Set<String> names = new HashSet<>();
        Set<Material> inFiles = new HashSet<>();
        for (Material material : needed) {
            switch (material) {
                case Material.Named(var name, var ads) -> {
                    if (ads) {
                        names.add(name);
                    }
                }
                case Material.CertificateFiles _, Material.TrustFiles _ -> inFiles.add(material);
                case Material.Certificate _, Material.Trust _ -> {}
            }
        }
        files.want(inFiles);
        return names;
    }

    /** Whether a private key came within a listener. */
    static boolean carriesKey(CompiledListener listener) {
        Set<Material> needed = new HashSet<>();
        add(listener, needed);
        return needed.stream().anyMatch(Material.Certificate.class::isInstance);
    }

    /** Whether a private key came within a cluster. */
    static boolean carriesKey(CompiledCluster cluster) {
        Set<Material> needed = new HashSet<>();
        add(cluster, needed);
        return needed.stream().anyMatch(Material.Certificate.class::isInstance);
    }

    private static void add(CompiledListener listener, Set<Material> needed) {
        listener.chains().forEach(chain -> add(chain.transport(), needed));
        FilterChain last = listener.defaultChain();
        if (last != null) {
            add(last.transport(), needed);
        }
    }

    private static void add(CompiledCluster cluster, Set<Material> needed) {
        add(cluster.transport(), needed);
        cluster.transportMatches().forEach(match -> add(match.transport(), needed));
    }

    private static void add(TransportSocket socket, Set<Material> needed) {
        switch (socket) {
            case TransportSocket.DownstreamTls(var tls) -> add(tls.rules(), needed);
            case TransportSocket.UpstreamTls(var tls) -> add(tls.rules(), needed);
            case TransportSocket.ProxyProtocol(var _, var inside) -> add(inside, needed);
            case TransportSocket.Raw _ -> {}
        }
    }

    private static void add(TlsRules rules, Set<Material> needed) {
        needed.addAll(rules.certificates());
        if (rules.trust() != null) {
            needed.add(rules.trust());
        }
    }

    /** All of them, or none when one cannot be read. */
    void put(List<Secret> sent) throws CompileException {
        Map<String, Material> read = new HashMap<>();
        for (Secret secret : sent) {
            read.put(secret.getName(), Material.of(secret));
        }
        read.forEach((name, material) -> secrets.put(new Material.Named(name, true), material));
    }

    void remove(String name) {
        secrets.remove(new Material.Named(name, true));
    }

    /** A secret as it may be shown, as Envoy shows it. */
    static Secret withoutKey(Secret secret) {
        if (!secret.hasTlsCertificate()) {
            return secret;
        }
        Secret.Builder shown = secret.toBuilder();
        shown.getTlsCertificateBuilder().setPrivateKey(DataSource.newBuilder().setInlineString("[redacted]"));
        return shown.build();
    }
}
