# The key of a live memory: the runs share one state, as deployments do.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  region                  = "us-east-1"
  bundle_directory        = "tests/bundles"
  modes                   = ["memory"]
  enable_agentcore_memory = true
}

run "made_without_a_key" {
  assert {
    condition     = aws_cloudformation_stack.memory[0].parameters["MemoryName"] == "ewm_memory"
    error_message = "memory name: without a key it is the name alone"
  }
  assert {
    condition     = jsondecode(aws_cloudformation_stack.memory[0].template_body).Resources.Memory.UpdateReplacePolicy == "Retain"
    error_message = "memory retained: a memory that is replaced must stay, with what it holds"
  }
}

run "another_key" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  expect_failures = [aws_cloudformation_stack.memory]
}

run "still_the_old_one" {
  assert {
    condition     = aws_cloudformation_stack.memory[0].parameters["KmsKeyArn"] == ""
    error_message = "memory key: what was refused must not have been done"
  }
}

run "replaced_on_purpose" {
  plan_options {
    replace = [terraform_data.memory_key[0]]
  }

  variables {
    kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_cloudformation_stack.memory[0].parameters["MemoryName"] == "ewm_memory_${substr(sha256(var.kms_key_arn), 0, 8)}"
    error_message = "memory name: it carries the key, so that the new memory does not meet the old one"
  }
}
