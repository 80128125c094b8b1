# The module by itself: what it refuses, for a run block can name only what is at the root of what it runs.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                    = "ewm-base"
  role_name               = "ewm-base-us-east-1"
  description             = "under test"
  bundle                  = "tests/bundles/base.zip"
  runtime                 = "nodejs22.x"
  memory_mb               = 512
  timeout_seconds         = 7
  async_event_age_seconds = 60
  tracing                 = false
  log_retention_days      = 14
  statements_json         = "[]"
  environment             = { EWM_CONNECT_TIMEOUT_MS = "1000", EWM_S3_TIMEOUT_MS = "1000", EWM_AGENTCORE_TIMEOUT_MS = "1000", EWM_STORE_RESERVE_MS = "4749" }
}

run "at_the_bounds" {
  command = plan

  module {
    source = "./modules/function"
  }
}

run "no_bundle" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    bundle = "tests/bundles/nowhere.zip"
  }

  expect_failures = [aws_lambda_function.this]
}

run "s3_timeout_below_its_part" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    environment = { EWM_CONNECT_TIMEOUT_MS = "1000", EWM_S3_TIMEOUT_MS = "999", EWM_STORE_RESERVE_MS = "3000" }
  }

  expect_failures = [aws_lambda_function.this]
}

run "agentcore_timeout_below_its_part" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    environment = { EWM_CONNECT_TIMEOUT_MS = "1000", EWM_S3_TIMEOUT_MS = "1000", EWM_AGENTCORE_TIMEOUT_MS = "999", EWM_STORE_RESERVE_MS = "3000" }
  }

  expect_failures = [aws_lambda_function.this]
}

run "no_time_to_work" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    environment = { EWM_STORE_RESERVE_MS = "4750" }
  }

  expect_failures = [aws_lambda_function.this]
}
