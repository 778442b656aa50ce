package dev.lateen.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AotCachesTest {
    private static final Instant MADE = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path home;

    @BeforeEach
    void built() throws IOException {
        for (String file : List.of("lib/proxy.jar", "jvm/proxy", "aot/proxy.aot", "aot/release")) {
            Path path = home.resolve(file);
            Files.createDirectories(path.getParent());
            Files.createFile(path);
        }
        for (String file : List.of("lib/proxy.jar", "lib", "jvm/proxy", "jvm")) {
            age(file, MADE.minusSeconds(60));
        }
        age("aot/release", MADE);
    }

    private void age(String file, Instant time) throws IOException {
        Files.setLastModifiedTime(home.resolve(file), FileTime.from(time));
    }

    @Test
    void aCacheIsUsedWhereThereIsOne() throws IOException {
        AotCaches caches = AotCaches.of(home);
        assertThat(caches.cache("proxy")).contains(home.resolve("aot/proxy.aot").toAbsolutePath());
        assertThat(caches.cache("control")).isEmpty();
    }

    @ParameterizedTest(name = "{0} is newer")
    @ValueSource(strings = {"lib/proxy.jar", "lib", "jvm/proxy"})
    void aCacheIsNotUsedWhenSomethingChangedSince(String changed) throws IOException {
        age(changed, MADE.plusSeconds(1));
        assertThat(AotCaches.of(home).cache("proxy")).isEmpty();
    }

    @Test
    void nothingIsUsedOfWhatWasNotFinished() throws IOException {
        Files.delete(home.resolve("aot/release"));
        assertThat(AotCaches.of(home).cache("proxy")).isEmpty();
    }
}
