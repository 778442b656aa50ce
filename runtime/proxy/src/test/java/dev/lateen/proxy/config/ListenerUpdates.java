package dev.lateen.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxy.tls.CredentialFiles;
import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.xds.client.ResourceUpdate;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.ExtensionConfigSource;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Updates of listener {@code l} and of what it needs, as a control plane sends them. */
final class ListenerUpdates {
    private final SecretStore secrets = new SecretStore();
    final ManualTimer timer = new ManualTimer();
    final Map<String, Subscription> subscriptions = new HashMap<>();
    private final XdsConfiguration configuration = new XdsConfiguration(
            new Random(1),
            () -> Instant.EPOCH,
            timer,
            subscriptions::put,
            new Credentials(secrets, new CredentialFiles(secrets)),
            changed -> {});

    /** A configuration that comes by itself, and is of one of these types. */
    static ExtensionConfigSource.Builder source(Message... types) {
        ExtensionConfigSource.Builder source = ExtensionConfigSource.newBuilder()
                .setConfigSource(ConfigSource.newBuilder().setAds(AggregatedConfigSource.getDefaultInstance()));
        for (Message type : types) {
            source.addTypeUrls(Any.pack(type).getTypeUrl());
        }
        return source;
    }

    /** @param fields all but its name and address */
    void listener(Listener.Builder fields) {
        Listener listener = fields.setName("l")
                .setAddress(Address.newBuilder()
                        .setSocketAddress(SocketAddress.newBuilder()
                                .setAddress("127.0.0.1")
                                .setPortValue(9000)))
                .build();
        assertThat(update(XdsConfiguration.LISTENERS, "l", listener)).isEmpty();
    }

    void routes(String name) {
        assertThat(update(
                        XdsConfiguration.ROUTES,
                        name,
                        RouteConfiguration.newBuilder().setName(name).build()))
                .isEmpty();
    }

    void extension(String name, Message config) {
        assertThat(refusal(name, config)).isEmpty();
    }

    /** Why a configuration is refused; empty when it is not. */
    String refusal(String name, Message config) {
        return update(
                XdsConfiguration.EXTENSIONS,
                name,
                TypedExtensionConfig.newBuilder()
                        .setName(name)
                        .setTypedConfig(Any.pack(config))
                        .build());
    }

    void gone(String name) {
        assertThat(configuration.onUpdate(new ResourceUpdate(XdsConfiguration.EXTENSIONS, List.of(), List.of(name))))
                .isEmpty();
    }

    private String update(String type, String name, Message message) {
        return configuration
                .onUpdate(new ResourceUpdate(
                        type, List.of(new ResourceUpdate.Resource(name, "1", Any.pack(message))), List.of()))
                .orElse("");
    }

    /** The listener in force. */
    @Nullable
    CompiledListener current() {
        return configuration.current().listeners().get("l");
    }
}
