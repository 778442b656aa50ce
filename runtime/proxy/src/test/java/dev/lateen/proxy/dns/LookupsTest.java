package dev.lateen.proxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.DnsLookup;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever asks is answered, whatever the client wrote. */
class LookupsTest {
    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 80, AUTO, /127.0.0.1:80",
        "127.0.0.1, 65535, AUTO, /127.0.0.1:65535",
        "127.0.0.1, 65536, AUTO, none",
        "127.0.0.1, 99999, AUTO, none",
        "127.0.0.1, 80, V6_ONLY, none"
    })
    void an_address_is_heard_or_none(String name, int port, Discovery.DnsFamily family, String found) throws Exception {
        CompletableFuture<String> heard = new CompletableFuture<>();
        Lookups.begin(
                new DnsLookup(family),
                name,
                port,
                Runnable::run,
                address -> heard.complete(
                        Optional.ofNullable(address).map(Object::toString).orElse("none")));
        assertThat(heard.get(20, TimeUnit.SECONDS)).isEqualTo(found);
    }
}
