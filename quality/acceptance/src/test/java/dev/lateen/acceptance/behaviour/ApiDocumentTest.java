package dev.lateen.acceptance.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class ApiDocumentTest {
    @Test
    void theDocumentIsWhatTheRecordsAndCasesSay() throws IOException {
        assertThat(Files.readString(ApiDocument.FILE))
                .as("run dev.lateen.acceptance.behaviour.ApiDocument in quality/acceptance to write docs/api.md anew")
                .isEqualTo(ApiDocument.expected());
    }

    @Test
    void everyFieldIsProvenOrRefused() throws IOException {
        assertThat(ApiDocument.unproven()).isEmpty();
    }

    @Test
    void casesProveFieldsThatExist() throws IOException {
        assertThat(ApiDocument.unknown()).isEmpty();
    }
}
