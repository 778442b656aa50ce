package dev.lateen.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxy.tls.CredentialFiles;
import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.xds.client.ResourceUpdate;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of a configuration, and what of it is believed. */
class SavedConfigurationTest {
    private static final Instant THEN = Instant.ofEpochSecond(1_790_000_000);
    private static final String KEY = "-----BEGIN PRIVATE KEY-----";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("configuration.xds");
    }

    private static SavedConfiguration some(String cluster) {
        return new SavedConfiguration(
                "sidecar~10.0.0.1~web.default~default.svc.cluster.local",
                THEN,
                List.of(update(XdsConfiguration.CLUSTERS, cluster, Any.pack(cluster(cluster)))));
    }

    private static Cluster cluster(String name) {
        return Cluster.newBuilder()
                .setName(name)
                .setType(Cluster.DiscoveryType.ORIGINAL_DST)
                .setLbPolicy(Cluster.LbPolicy.CLUSTER_PROVIDED)
                .build();
    }

    private static ResourceUpdate update(String type, String name, Any body) {
        return new ResourceUpdate(type, List.of(new ResourceUpdate.Resource(name, "7", body)), List.of());
    }

    @Test
    void isReadAsItWasWritten_andByItsOwnerAlone() throws IOException {
        some("a").write(file);
        assertThat(SavedConfiguration.read(file)).isEqualTo(some("a"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        some("b").write(file);
        assertThat(SavedConfiguration.read(file)).isEqualTo(some("b"));
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactly(file);
        }
    }

    @Test
    void leftoversOfAWriteThatWasCutOff_areInNobodysWay() throws IOException {
        Files.writeString(directory.resolve("configuration.xds.new"), "half");
        some("a").write(file);
        assertThat(SavedConfiguration.read(file)).isEqualTo(some("a"));
    }

    @Test
    void cutAnywhere_itIsRefused() throws IOException {
        some("a").write(file);
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> SavedConfiguration.read(file))
                    .as("%d bytes", length)
                    .isInstanceOf(IOException.class);
        }
    }

    /** What a flipped bit cannot do is to make it another one: its checksum tells. */
    @Test
    void withABitFlipped_itIsRefused_orTheSame() throws IOException {
        some("a").write(file);
        byte[] whole = Files.readAllBytes(file);
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, damaged);
            try {
                assertThat(SavedConfiguration.read(file)).as("bit %d", bit).isEqualTo(some("a"));
            } catch (IOException e) {
                assertThat(e).isNotNull(); // as it should be
            }
        }
    }

    @Test
    void whatIsTooLarge_isNotWritten_andTheOneBeforeStays() throws IOException {
        some("a").write(file);
        Any large = Any.newBuilder()
                .setValue(ByteString.copyFrom(new byte[SavedConfiguration.MOST_BYTES]))
                .build();
        SavedConfiguration tooLarge =
                new SavedConfiguration("n", THEN, List.of(update(XdsConfiguration.CLUSTERS, "large", large)));
        assertThatThrownBy(() -> tooLarge.write(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("at most");
        assertThat(SavedConfiguration.read(file)).isEqualTo(some("a"));
    }

    @Test
    void ofAnotherNode_orDamaged_orNotThere_nothingIsBelieved() throws IOException {
        ConfigurationFile mine = new ConfigurationFile(directory, some("a").node(), () -> THEN, List::of);
        assertThat(mine.read()).isNull();
        some("a").write(file);
        assertThat(mine.read()).isEqualTo(some("a"));
        assertThat(new ConfigurationFile(directory, "another", () -> THEN, List::of).read())
                .isNull();
        Files.writeString(file, "no such thing");
        assertThat(mine.read()).isNull();
        Files.delete(file);
        assertThatThrownBy(() -> SavedConfiguration.read(file)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void noPrivateKeyIsKept() throws IOException {
        SecretStore secrets = new SecretStore();
        XdsConfiguration configuration = configuration(secrets);
        TlsCertificate certificate = TlsCertificate.newBuilder()
                .setCertificateChain(inline("-----BEGIN CERTIFICATE-----"))
                .setPrivateKey(inline(KEY))
                .build();
        Cluster withKey = cluster("with key").toBuilder()
                .setTransportSocket(TransportSocket.newBuilder()
                        .setName("tls")
                        .setTypedConfig(Any.pack(UpstreamTlsContext.newBuilder()
                                .setCommonTlsContext(
                                        CommonTlsContext.newBuilder().addTlsCertificates(certificate))
                                .build())))
                .build();
        assertThat(configuration.onUpdate(new ResourceUpdate(
                        XdsConfiguration.CLUSTERS,
                        List.of(
                                new ResourceUpdate.Resource("plain", "1", Any.pack(cluster("plain"))),
                                new ResourceUpdate.Resource("with key", "1", Any.pack(withKey))),
                        List.of())))
                .isEmpty();
        assertThat(configuration.onUpdate(new ResourceUpdate(XdsConfiguration.LISTENERS, List.of(), List.of())))
                .isEmpty();
        assertThat(configuration.onUpdate(update(
                        XdsConfiguration.SECRETS,
                        "s",
                        Any.pack(Secret.newBuilder()
                                .setName("s")
                                .setTlsCertificate(certificate)
                                .build()))))
                .isEmpty();
        List<ResourceUpdate> kept = configuration.savable();
        assertThat(kept)
                .extracting(ResourceUpdate::type)
                .containsExactly(XdsConfiguration.CLUSTERS, XdsConfiguration.LISTENERS);
        assertThat(kept.getFirst().changed())
                .extracting(ResourceUpdate.Resource::name)
                .containsExactly("plain");
        assertThat(kept.toString()).doesNotContain("PRIVATE KEY");
    }

    /** What is restored is in force, is told from what was sent, and is not saved anew; answers take its place. */
    @Test
    void whatIsRestored_lastsUntilTheControlPlaneSaysOtherwise() {
        XdsConfiguration configuration = configuration(new SecretStore());
        assertThat(configuration.restore(some("old"))).isTrue();
        assertThat(configuration.current().clusters()).containsOnlyKeys("old");
        assertThat(configuration.restoredAt()).isEqualTo(THEN);
        assertThat(configuration.savable()).isEmpty();
        assertThat(configuration
                        .resources()
                        .getOrDefault(XdsConfiguration.CLUSTERS, Map.of())
                        .values())
                .extracting(KeptResource::shownVersion)
                .containsExactly("from disk: 7");

        assertThat(configuration.onUpdate(update(XdsConfiguration.CLUSTERS, "new", Any.pack(cluster("new")))))
                .isEmpty();
        assertThat(configuration.resources().get(XdsConfiguration.CLUSTERS)).containsOnlyKeys("new");
        assertThat(configuration.restoredAt()).isNull();
        // The next one is a difference again.
        assertThat(configuration.onUpdate(update(XdsConfiguration.CLUSTERS, "other", Any.pack(cluster("other")))))
                .isEmpty();
        assertThat(configuration.resources().get(XdsConfiguration.CLUSTERS)).containsOnlyKeys("new", "other");
    }

    @Test
    void anAnswerThatIsRefused_changesNothing_andOnceHeard_nothingIsRestored() {
        XdsConfiguration configuration = configuration(new SecretStore());
        assertThat(configuration.restore(some("old"))).isTrue();
        assertThat(configuration.onUpdate(update(
                        XdsConfiguration.CLUSTERS,
                        "bad",
                        Any.newBuilder().setTypeUrl("x/y").build())))
                .isPresent();
        assertThat(configuration.restoredAt()).isEqualTo(THEN);
        assertThat(configuration.resources().get(XdsConfiguration.CLUSTERS)).containsOnlyKeys("old");

        XdsConfiguration other = configuration(new SecretStore());
        assertThat(other.onUpdate(update(XdsConfiguration.CLUSTERS, "new", Any.pack(cluster("new")))))
                .isEmpty();
        assertThat(other.restore(some("old"))).isFalse();
        assertThat(other.current().clusters()).containsOnlyKeys("new");
    }

    private static DataSource inline(String text) {
        return DataSource.newBuilder()
                .setInlineBytes(ByteString.copyFrom(text, StandardCharsets.US_ASCII))
                .build();
    }

    private static XdsConfiguration configuration(SecretStore secrets) {
        return new XdsConfiguration(
                new Random(1),
                () -> THEN.plusSeconds(60),
                new ManualTimer(),
                (type, subscription) -> {},
                new Credentials(secrets, new CredentialFiles(secrets)),
                changed -> {});
    }
}
